// OTLP of all signals and both encodings, decoded by the official definitions and compared with the same events
// as NDJSON, field by field.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { brokenLaws } from "../../tools/laws.mjs";
import { attributesOf, decoded, itemsOf } from "../../tools/otlp.mjs";
import { capture, START_MS } from "./_capture.mjs";
import { strangers, traffic } from "./_traffic.mjs";

const run = await capture(
  async (tide, host) => {
    traffic(tide);
    host.nowMs += 1000;
    await tide.flush();
    strangers(tide);
    // Something to measure, so that there are metrics again.
    tide.req("/last", "GET", 200, START_MS, 8);
  },
  { options: { batchMax: 16 } },
);
const of = (encoding, signal) => run[encoding].filter((batch) => batch.signal === signal);
const events = (...kinds) => run.ndjson.filter(({ kind }) => kinds.includes(kind));
const nanos = (ms) => String(BigInt(Math.floor(ms)) * 1_000_000n + BigInt(Math.round((ms % 1) * 1e6)));

test("protobuf and JSON say the same, field by field", () => {
  for (const signal of ["traces", "logs", "metrics"]) {
    const [protobuf, json] = [of("protobuf", signal), of("json", signal)];
    assert.ok(protobuf.length > 0, signal);
    assert.deepEqual(json, protobuf, signal);
  }
});

test("the resource says who sends", () => {
  for (const signal of ["traces", "logs", "metrics"]) {
    const { request } = of("protobuf", signal)[0];
    const [{ resource, ...rest }] = Object.values(request)[0];
    const told = attributesOf(resource);
    assert.equal(told["service.name"], "shop");
    assert.equal(told["service.version"], "1.2.3");
    assert.equal(told["service.instance.id"], run.ndjson.at(-1).isolate);
    assert.equal(told["telemetry.sdk.name"], "tidegate");
    assert.equal(told["cloud.provider"], undefined, "nothing is invented");
    const [scope] = Object.values(rest)
      .flat()
      .filter((value) => value.scope !== undefined);
    assert.equal(scope.scope.name, "tidegate");
  }
});

const spanKinds = { FN: 1, REQ: 2, DB: 3 };

test("each request, function and query is one span with all that is known of it", () => {
  const spans = of("protobuf", "traces").flatMap(({ request }) => itemsOf("traces", request));
  const wanted = events("REQ", "FN", "DB");
  assert.equal(spans.length, wanted.length);
  for (const [at, span] of spans.entries()) {
    const event = wanted[at];
    const told = attributesOf(span);
    assert.equal(span.traceId, event.trace_id);
    assert.equal(span.spanId, event.span_id);
    assert.equal(span.parentSpanId, event.parent_id ?? "");
    assert.equal(span.kind, spanKinds[event.kind]);
    assert.equal(span.startTimeUnixNano, nanos(event.ts));
    assert.equal(
      BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano),
      BigInt(nanos(event.dur_ms ?? 0)),
    );
    assert.deepEqual(pick(told, Object.keys(event.attributes ?? {})), event.attributes ?? {});
    const failed = event.error !== undefined || event.status >= 500;
    assert.equal(span.status?.code ?? 0, failed ? 2 : 0);
    assert.equal(told["error.type"] !== undefined, failed);
    specifics[event.kind](event, span, told);
  }
});

const pick = (from, keys) => Object.fromEntries(keys.map((key) => [key, from[key]]));

const specifics = {
  REQ(event, span, told) {
    assert.equal(told["http.route"], event.route);
    assert.equal(told["http.response.status_code"], event.status);
    const known = event.method !== "PURGE";
    assert.equal(told["http.request.method"], known ? event.method : "_OTHER");
    assert.equal(told["http.request.method_original"], known ? undefined : "PURGE");
    assert.equal(span.name, `${known ? event.method : "HTTP"} ${event.route}`);
  },
  FN: (event, span) => assert.equal(span.name, event.fn),
  DB(event, span, told) {
    assert.equal(told["db.query.text"], event.query);
    assert.equal(told["db.query.summary"] ?? "QUERY", event.summary);
    assert.equal(told["db.response.returned_rows"], event.rows);
    assert.equal(told["db.system.name"], event.db_system ?? "other_sql");
    assert.ok(!JSON.stringify(span).includes("secret"));
  },
};

test("each event of the program's own is one log record", () => {
  const records = of("protobuf", "logs").flatMap(({ request }) => itemsOf("logs", request));
  const wanted = events("EVT");
  assert.equal(records.length, wanted.length);
  for (const [at, record] of records.entries()) {
    const event = wanted[at];
    const told = attributesOf(record);
    assert.equal(record.body.stringValue, event.name);
    assert.equal(record.timeUnixNano, nanos(event.ts));
    assert.equal(record.traceId, event.trace_id);
    assert.equal(record.spanId, event.parent_id ?? "");
    assert.equal(record.severityNumber, event.error === undefined ? 9 : 17);
    assert.deepEqual(pick(told, Object.keys(event.attributes ?? {})), event.attributes ?? {});
  }
});

test("metrics hold every measured request and query, in seconds, delta", () => {
  const metrics = of("protobuf", "metrics").flatMap(({ request }) => itemsOf("metrics", request));
  for (const [name, kind] of [
    ["http.server.request.duration", "REQ"],
    ["db.client.operation.duration", "DB"],
  ]) {
    const told = metrics.filter((metric) => metric.name === name);
    for (const { unit, exponentialHistogram } of told) {
      assert.equal(unit, "s");
      assert.equal(exponentialHistogram.aggregationTemporality, 1);
    }
    const points = told.flatMap(({ exponentialHistogram }) => exponentialHistogram.dataPoints);
    const measured = events(kind).filter(({ dur_ms }) => dur_ms !== undefined);
    let counted = 0;
    let seconds = 0;
    for (const { count, sum, zeroCount, positive, startTimeUnixNano, timeUnixNano } of points) {
      const inBuckets = positive.bucketCounts.reduce((total, bucket) => total + Number(bucket), 0);
      assert.equal(inBuckets + Number(zeroCount), Number(count));
      assert.ok(BigInt(startTimeUnixNano) <= BigInt(timeUnixNano));
      counted += Number(count);
      seconds += sum;
    }
    assert.equal(counted, measured.length);
    const total = measured.reduce((sum, { dur_ms }) => sum + dur_ms, 0) / 1000;
    assert.ok(Math.abs(seconds - total) < 1e-9, `${seconds} s, expected ${total}`);
  }
});

test("tidegate's own counters are among the metrics, as the ledger has them", () => {
  const { request } = of("protobuf", "metrics").at(-1);
  const points = (name) =>
    itemsOf("metrics", request)
      .find((metric) => metric.name === name)
      .sum.dataPoints.map((point) => [attributesOf(point), Number(point.asInt)]);
  const counters = run.tide.counters();
  const own = Object.fromEntries(
    points("tidegate.events").map(([told, count]) => [told["tidegate.state"], count]),
  );
  assert.deepEqual(own, {
    accepted: counters.accepted,
    sampled_out: counters.sampledOut,
    excluded: counters.excluded,
    refused: counters.refused,
  });
  assert.deepEqual(brokenLaws(counters), []);
  for (const sink of counters.sinks) assert.equal(sink.delivered, sink.accepted, sink.name);
});

after(() => {
  const total = Object.values(decoded).reduce((sum, count) => sum + count, 0);
  console.log(`OTLP payloads decoded by the official definitions: ${total} (${JSON.stringify(decoded)})`);
});
