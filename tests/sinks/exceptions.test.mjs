// Exceptions and severities as receivers get them, decoded by the official definitions.
import assert from "node:assert/strict";
import { test } from "node:test";
import { withTide } from "../../pkg/dist/fetch.js";
import { attributesOf, itemsOf } from "../../tools/otlp.mjs";
import { capture } from "./_capture.mjs";

const levels = { type: false, message: true, stack: true };

function failing(tide) {
  const fail = () => {
    throw new RangeError("card declined", { cause: new TypeError("socket closed") });
  };
  const handler = withTide(tide, () => tide.time("charge", fail));
  assert.throws(() => handler(new Request("https://shop.example/pay")));
  assert.throws(() => tide.query("select 1 from t", () => fail()));
  tide.evt("loud", {}, { severity: "warn" });
  tide.evt("exception", { "exception.message": "the user's own" });
}

for (const [errors, hasMessage] of Object.entries(levels)) {
  test(`errors: "${errors}"`, async () => {
    const { ndjson, protobuf, json } = await capture(failing, { options: { errors } });
    const texts = (told, prefix = "exception.") =>
      ["type", "message", "cause", "stacktrace"].map((key) => told[prefix + key]);
    const wanted = ["RangeError", hasMessage ? "card declined" : undefined];
    const cause = hasMessage ? "TypeError: socket closed" : "TypeError";
    const lines = ndjson.filter(({ error }) => error === "RangeError");
    assert.deepEqual(
      lines.map(({ kind }) => kind),
      ["FN", "EVT", "REQ", "DB"],
    );
    for (const { kind, attributes, ...line } of lines) {
      const given =
        kind === "EVT"
          ? texts(attributes)
          : [line.error, line.error_message, line.error_cause, line.error_stack];
      assert.deepEqual(given.slice(0, 3), [...wanted, cause]);
      assert.equal(given[3] !== undefined, errors === "stack", kind);
      if (errors === "stack")
        assert.match(given[3], /^\s+at fail .*\n[\s\S]*\nCaused by: TypeError\n\s+at fail/);
    }
    for (const batches of [protobuf, json]) {
      const of = (name) =>
        batches.filter(({ signal }) => signal === name).flatMap(({ request }) => itemsOf(name, request));
      const spans = of("traces");
      assert.equal(spans.length, 3);
      for (const span of spans) {
        assert.equal(span.events.length, 1);
        const [event] = span.events;
        assert.deepEqual([event.name, event.timeUnixNano], ["exception", span.endTimeUnixNano]);
        const told = attributesOf(event);
        assert.deepEqual(texts(told).slice(0, 3), [...wanted, cause]);
        assert.equal(told["exception.stacktrace"] !== undefined, errors === "stack");
        assert.equal(span.status.message, hasMessage ? "card declined" : "RangeError");
      }
      const [failed, loud, own] = of("logs");
      const line = lines.find(({ kind }) => kind === "EVT");
      assert.deepEqual(texts(attributesOf(failed)), texts(line.attributes));
      assert.deepEqual([failed.severityNumber, failed.severityText], [17, "ERROR"]);
      assert.equal(failed.eventName, "exception");
      assert.deepEqual([failed.traceId, failed.spanId], [line.trace_id, line.parent_id]);
      assert.deepEqual([loud.severityNumber, loud.severityText], [13, "WARN"]);
      assert.deepEqual(attributesOf(own), { "exception.message": "the user's own" });
    }
    const all = JSON.stringify([ndjson.slice(0, 4), protobuf, json]);
    assert.equal(all.includes("declined") || all.includes("socket closed"), hasMessage);
  });
}
