import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { otlp } from "../../js/index.ts";
import type { Host } from "../../js/runtime/host.ts";
import { simulated } from "./_engine.ts";
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
