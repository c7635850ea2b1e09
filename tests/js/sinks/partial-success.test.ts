import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { partialSuccess } from "../../../js/delivery/partial-success.ts";
import type { ResponseLike, Sink } from "../../../js/types/index.ts";
import { assertLaws, simulated } from "../_engine.ts";

// The official definitions write what our reader reads.
const require = createRequire(import.meta.url);
const root = require("@opentelemetry/otlp-transformer/build/src/generated/root.js");
const collector = root.opentelemetry.proto.collector;
const replies = [
  [collector.trace.v1.ExportTraceServiceResponse, "rejectedSpans"],
  [collector.metrics.v1.ExportMetricsServiceResponse, "rejectedDataPoints"],
  [collector.logs.v1.ExportLogsServiceResponse, "rejectedLogRecords"],
] as const;
const PROTOBUF = "application/x-protobuf";
const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

test("partial success is read from protobuf and JSON, of every signal", () => {
  for (const [type, field] of replies) {
    const partial = { [field]: 300, errorMessage: "größer" };
    const wanted = { rejected: 300, hasMessage: true };
    assert.deepEqual(partialSuccess(type.encode({ partialSuccess: partial }).finish(), PROTOBUF), wanted);
    const asText = { partialSuccess: { ...partial, [field]: "300" } };
    assert.deepEqual(partialSuccess(text(asText), "application/json; charset=utf-8"), wanted);
    assert.deepEqual(partialSuccess(text({ partialSuccess: partial }), "application/json"), wanted);
  }
});

test("an empty reply, a message alone, a broken reply and another type reject nothing", () => {
  const [type] = replies[0];
  const none = { rejected: 0, hasMessage: false };
  const whole = type.encode({ partialSuccess: { rejectedSpans: 3, errorMessage: "no" } }).finish();
  assert.deepEqual(partialSuccess(new Uint8Array(), PROTOBUF), none);
  assert.deepEqual(partialSuccess(text({}), "application/json"), none);
  assert.deepEqual(partialSuccess(text(null), "application/json"), none);
  assert.deepEqual(partialSuccess(whole.slice(0, -1), PROTOBUF), none);
  assert.deepEqual(partialSuccess(whole, "text/html"), none);
  assert.deepEqual(partialSuccess(whole, null), none);
  assert.deepEqual(partialSuccess(whole, "application/json"), none);
  assert.deepEqual(partialSuccess(new Uint8Array(64).fill(0xff), PROTOBUF), none);
  const message = type.encode({ partialSuccess: { errorMessage: "slow down" } }).finish();
  assert.deepEqual(partialSuccess(message, PROTOBUF), { rejected: 0, hasMessage: true });
});

test("unknown fields of every wire type are passed over", () => {
  const [type] = replies[0];
  const known = type.encode({ partialSuccess: { rejectedSpans: 2 } }).finish();
  const unknown = [0x18, 0x96, 0x01, 0x21, 1, 2, 3, 4, 5, 6, 7, 8, 0x2a, 2, 9, 9, 0x35, 1, 2, 3, 4];
  assert.equal(partialSuccess(new Uint8Array([...unknown, ...known, ...unknown]), PROTOBUF).rejected, 2);
});

/** A sink whose format makes the run loop read replies as OTLP; the engine's format does not matter to it. */
function replying(reply: () => ResponseLike): Sink {
  return { name: "otlp", format: "otlp-logs-protobuf", send: reply } as Sink;
}

async function counted(reply: () => ResponseLike, advanceMs = 0) {
  const { tide, host } = simulated({ sinks: [replying(reply)], flushDeadlineMs: 1000 });
  const remarks: string[] = [];
  tide.on("error", ({ code, message }) => remarks.push(`${code} ${message}`));
  for (let count = 0; count < 5; count += 1) tide.evt("a");
  const flushed = tide.flush({ deadlineMs: 3000 });
  await host.advance(advanceMs);
  await flushed;
  return { sink: assertLaws(tide).sinks[0]!, remarks };
}

const proto = (partial: object) =>
  new Response(replies[2][0].encode({ partialSuccess: partial }).finish(), {
    headers: { "content-type": PROTOBUF },
  });

test("rejected events are counted, no more than there are, and a notice says so without the receiver's text", async () => {
  const some = await counted(() => proto({ rejectedLogRecords: 2, errorMessage: "too old" }));
  assert.equal(some.sink.delivered, 3);
  assert.equal(some.sink.dropped.rejected, 2);
  assert.deepEqual(some.remarks, ["sink/partial-success otlp: the receiver rejected 2 of 5 events"]);
  const all = await counted(() => proto({ rejectedLogRecords: 900 }));
  assert.deepEqual([all.sink.delivered, all.sink.dropped.rejected], [0, 5]);
  assert.deepEqual(all.remarks, ["sink/partial-success otlp: the receiver rejected 5 of 5 events"]);
  const warned = await counted(() => proto({ errorMessage: "token=hunter2 is old" }));
  assert.deepEqual(warned.remarks, [
    "sink/partial-success otlp: the receiver took all events and sent a warning",
  ]);
  const negative = await counted(() => proto({ rejectedLogRecords: -4 }));
  assert.equal(negative.sink.delivered, 5);
});

test("the reply is read to 64 KiB and to the deadline; 200 stays a success", async () => {
  let pulled = 0;
  let canceled = 0;
  const endless = (pauseMs: number) =>
    new ReadableStream({
      async pull(controller) {
        pulled += 1;
        if (pauseMs > 0) await new Promise(() => {});
        controller.enqueue(new Uint8Array(8192));
      },
      cancel: () => void (canceled += 1),
    });
  const long = await counted(() => new Response(endless(0), { headers: { "content-type": PROTOBUF } }));
  assert.equal(long.sink.delivered, 5);
  assert.ok(pulled <= 12, `${pulled} reads`);
  assert.equal(canceled, 1);
  const stalled = await counted(
    () => new Response(endless(1), { headers: { "content-type": PROTOBUF } }),
    1500,
  );
  assert.equal(stalled.sink.delivered, 5);
  assert.equal(canceled, 2, "what is left of it is canceled");
});
