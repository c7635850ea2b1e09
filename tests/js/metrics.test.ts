import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { metricsHandler, otlp } from "../../js/index.ts";
import type { Host } from "../../js/runtime/host.ts";
import { simulated, trapNext } from "./_engine.ts";
import { remembering } from "./_sinks.ts";

const require = createRequire(import.meta.url);
const root = require("@opentelemetry/otlp-transformer/build/src/generated/root.js");
const exported = root.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;

test("metricsText is there before the first event, and tells totals and the window", () => {
  const { tide, host } = simulated({});
  assert.match(tide.metricsText(), /^tidegate_events_emitted_total 0$/m);
  tide.req("/a", "GET", 200, host.nowMs, 5);
  const { metricsText } = tide;
  assert.match(metricsText(), /^tidegate_events_emitted_total 1$/m);
  assert.match(metricsText(), /^tidegate_window_events\{kind="REQ",name="\/a"\} 1$/m);
});

test("metricsText of a collector that is not configured yet is empty, not an error", () => {
  const { tide } = simulated(() => ({}), "workers");
  assert.equal(tide.metricsText(), "");
});

/** More than are counted for nobody. */
const MANY = 40_000;

function counted({ tide, host }: ReturnType<typeof simulated>, count = MANY): number {
  for (let n = 0; n < count; n += 1) tide.req("/a", "GET", 200, host.nowMs, 5);
  return Number(/^http_server_requests_total\{.*\} (\d+)$/m.exec(tide.metricsText())?.[1]);
}

test("with a handler of metrics every request is counted, however late the first scrape comes", () => {
  for (const kind of ["process", "workers"] as const) {
    const made = simulated(() => ({}), kind);
    metricsHandler(made.tide, { public: true });
    made.tide.configure({});
    assert.equal(counted(made), MANY);
  }
});

test("without a reader the first requests are counted, with the first reading all", () => {
  const made = simulated({});
  assert.equal(counted(made), 16_384);
  assert.equal(counted(made), 16_384 + MANY);
  const read = simulated({});
  read.tide.metricsText();
  assert.equal(counted(read), MANY);
});

test("after a core reset every request is counted anew", () => {
  const made = simulated({});
  metricsHandler(made.tide, { public: true });
  assert.equal(counted(made, 100), 100);
  trapNext("engine_stats");
  made.tide.stats();
  assert.equal(counted(made), MANY);
  assert.equal(made.tide.counters().coreResets, 1);
});

test("the resource names the cloud on Workers, and nothing elsewhere", async () => {
  const cloud = async (kind: Host["kind"]) => {
    const { fetch, calls } = remembering();
    const { tide, host } = simulated({ sinks: [otlp({ url: "https://o.example", fetch })] }, kind);
    tide.req("/a", "GET", 200, host.nowMs, 5);
    await tide.flush();
    const { resourceSpans } = exported.decode(calls[0]!.init.body);
    const pairs: { key: string; value: { stringValue: string } }[] = resourceSpans[0].resource.attributes;
    return pairs
      .filter(({ key }) => key.startsWith("cloud."))
      .map(({ key, value }) => [key, value.stringValue]);
  };
  assert.deepEqual(await cloud("workers"), [
    ["cloud.provider", "cloudflare"],
    ["cloud.platform", "cloudflare.workers"],
  ]);
  for (const kind of ["process", "edge", "browser"] as const) assert.deepEqual(await cloud(kind), []);
});
