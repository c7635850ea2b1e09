import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { mock, test } from "node:test";
import { otlp } from "../../js/index.ts";
import type { Collector } from "../../js/types/index.ts";
import { callsOf, simulated, trapNext } from "./_engine.ts";
import { remembering } from "./_sinks.ts";

const require = createRequire(import.meta.url);
const root = require("@opentelemetry/otlp-transformer/build/src/generated/root.js");
const exported = root.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;

const values = (tide: Collector) =>
  tide.metrics().map(({ name, attributes, ...rest }) => {
    return [name, attributes, "value" in rest ? rest.value : [rest.count, rest.sum]];
  });

/** Warnings while `work` runs. */
function warnings(work: () => void): string[] {
  const warn = mock.method(console, "warn", () => {});
  try {
    work();
    return warn.mock.calls.map(({ arguments: [text] }) => String(text));
  } finally {
    warn.mock.restore();
  }
}

test("counters, gauges and histograms by attribute set, in any order and by any object", () => {
  const { tide } = simulated({});
  const orders = tide.counter("orders", { unit: "{order}", description: "Orders." });
  orders.add(1, { plan: "pro", eu: true });
  orders.add(2, { eu: true, plan: "pro" });
  const { add } = orders;
  add(4, Object.assign(Object.create({ inherited: "no" }), { plan: "pro", eu: true }));
  add(8, { plan: "free", eu: true });
  add(16);
  add(32, {});
  tide.gauge("depth").record(17);
  tide.gauge("depth").record(-3.5);
  for (const value of [1, 2, 3, 0]) tide.histogram("size", { unit: "By" }).record(value, { n: 1 });
  assert.deepEqual(values(tide), [
    ["orders", { eu: true, plan: "pro" }, 7],
    ["orders", { eu: true, plan: "free" }, 8],
    ["orders", {}, 48],
    ["depth", {}, -3.5],
    ["size", { n: 1 }, [4, 6]],
  ]);
  const [first, , , , size] = tide.metrics();
  assert.deepEqual(
    [first?.kind, first?.unit, Object.keys(first ?? {})],
    ["counter", "{order}", ["name", "kind", "unit", "attributes", "value"]],
  );
  assert.deepEqual(Object.keys(size ?? {}).slice(4), ["count", "sum", "min", "max", "p50", "p90", "p99"]);
  const { metrics, emitted } = tide.counters();
  assert.deepEqual([metrics, emitted], [{ observed: 12, overflowed: 0, refused: 0 }, 0]);
});

test("the same name is the same instrument; a wrong kind or name records nothing and warns once", () => {
  const { tide } = simulated({});
  assert.equal(tide.counter("orders"), tide.counter("Orders"));
  const texts = warnings(() => {
    for (let n = 0; n < 3; n += 1) {
      tide.gauge("orders").record(1);
      tide.counter("9").add(1);
      tide.counter("").add(1);
      tide.histogram("größe").record(1);
      (tide.counter as (name: unknown) => { add(n: number): void })(undefined).add(1);
    }
  });
  assert.equal(texts.length, 4, texts.join("\n"));
  assert.match(texts[0] ?? "", /^tidegate: gauge "orders" is a counter already; it records nothing$/);
  assert.deepEqual([tide.counters().metrics.refused, values(tide)], [15, []]);
  const many = warnings(() => {
    for (let n = 0; n < 300; n += 1) tide.counter(`c${n}`).add(1);
  });
  assert.equal(values(tide).length, 63, "one of 64 is orders, which has recorded nothing");
  assert.ok(many.length > 0 && many.length <= 300 - 63, `${many.length}`);
  assert.match(many[0] ?? "", /at most 64/);
});

test("unusable numbers are refused and counted, unusable attributes left out, and nothing throws", () => {
  const { tide } = simulated({});
  const orders = tide.counter("orders") as { add: (n: unknown, attributes?: unknown) => void };
  const bad = [Number.NaN, -1, Number.POSITIVE_INFINITY, "1", null, undefined, 1n, {}, Symbol("s")];
  for (const n of bad) assert.equal(orders.add(n), undefined);
  assert.equal(tide.counters().metrics.refused, bad.length);
  const throwing = {
    get plan(): string {
      throw new Error("no");
    },
  };
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  for (const attributes of [
    null,
    [],
    "text",
    5,
    ["a"],
    throwing,
    revoked.proxy,
    { a: {} },
    { a: null },
    { a: undefined },
  ]) {
    assert.equal(orders.add(1, attributes), undefined);
  }
  assert.deepEqual(values(tide), [["orders", {}, 10]]);
  assert.equal(tide.counters().truncated, 7);
});

test("at module scope instruments may be made, and numbers before configuration are refused", () => {
  const { tide } = simulated(() => ({}), "workers");
  const orders = tide.counter("orders");
  const texts = warnings(() => tide.gauge("orders"));
  orders.add(1);
  assert.deepEqual([texts, tide.metrics(), tide.counters().metrics.refused], [[], [], 1]);
  tide.configure({});
  assert.match(warnings(() => orders.add(2))[0] ?? "", /gauge "orders" is a counter already/);
  assert.deepEqual(values(tide), [["orders", {}, 2]]);
  assert.equal(tide.counters().metrics.observed, 1);
});

test("in the steady state one call into the engine records 64 numbers", () => {
  const { tide } = simulated({});
  const orders = tide.counter("orders");
  const add = (count: number) => {
    for (let n = 0; n < count; n += 1) orders.add(1, { plan: n % 2 === 0 ? "pro" : "free", region: "eu" });
  };
  add(64);
  tide.metrics();
  assert.equal(
    callsOf("engine_series" as never, () => add(640)),
    0,
  );
  tide.metrics();
  assert.equal(
    callsOf("engine_measure" as never, () => add(640)),
    10,
  );
  assert.deepEqual(values(tide), [
    ["orders", { plan: "pro", region: "eu" }, 672],
    ["orders", { plan: "free", region: "eu" }, 672],
  ]);
});

test("a flood of attribute sets is bounded, and the sets before it keep counting", () => {
  const { tide } = simulated({ metricSeries: 4 });
  const orders = tide.counter("orders");
  orders.add(1, { user: "first" });
  for (let user = 0; user < 3000; user += 1) orders.add(1, { user });
  orders.add(1, { user: "first" });
  assert.deepEqual(values(tide).slice(0, 2), [
    ["orders", { user: "first" }, 2],
    ["orders", { user: 0 }, 1],
  ]);
  assert.deepEqual(values(tide).at(-1), ["orders", { "otel.metric.overflow": true }, 2997]);
  assert.equal(tide.counters().metrics.overflowed, 2997);
});

test("after a core reset numbers go on, under the new engine's ids, and none is unaccounted for", () => {
  const { tide } = simulated({});
  const orders = tide.counter("orders");
  const depth = tide.gauge("depth");
  depth.record(1, { a: 1 });
  for (let n = 0; n < 10; n += 1) orders.add(1, { plan: "pro" });
  trapNext("engine_measure" as never);
  tide.metrics();
  const { observed, refused } = tide.counters().metrics;
  assert.deepEqual([observed + refused, tide.counters().coreResets], [11, 1]);
  orders.add(5, { plan: "pro" });
  depth.record(2, { a: 1 });
  assert.deepEqual(values(tide), [
    ["orders", { plan: "pro" }, 5],
    ["depth", { a: 1 }, 2],
  ]);
  assert.equal(tide.counters().metrics.observed, observed + 2);
});

test("after close numbers are refused, and metrics are answered from the last copy", async () => {
  const { tide } = simulated({});
  const orders = tide.counter("orders");
  orders.add(3, { plan: "pro" });
  await tide.close();
  orders.add(1, { plan: "pro" });
  assert.deepEqual(values(tide), [["orders", { plan: "pro" }, 3]]);
  assert.deepEqual(tide.counters().metrics, { observed: 1, overflowed: 0, refused: 1 });
});

test("numbers leave without a request, delta and cumulative, by the interval of their sink", async () => {
  const { fetch, calls } = remembering();
  const { tide, host } = simulated({
    sinks: [
      otlp({ url: "https://d.example", fetch, signals: ["metrics"], gzip: false }),
      otlp({
        url: "https://c.example",
        fetch,
        signals: ["metrics"],
        temporality: "cumulative",
        intervalMs: 2000,
        gzip: false,
      }),
    ],
  });
  const orders = tide.counter("orders");
  const sums: Record<string, number[]> = {};
  for (let second = 0; second < 21; second += 1) {
    orders.add(1, { plan: "pro" });
    host.nowMs += 1000;
    tide.tick();
    await new Promise(setImmediate);
  }
  await tide.close();
  for (const { url, init } of calls) {
    const { resourceMetrics } = exported.decode(init.body as Uint8Array);
    const metric = resourceMetrics[0].scopeMetrics[0].metrics.find(
      (each: { name: string }) => each.name === "orders",
    );
    const { sum } = metric;
    const host = new URL(url).host;
    assert.deepEqual([sum.isMonotonic, sum.aggregationTemporality], [true, host === "d.example" ? 1 : 2]);
    (sums[host] ??= []).push(sum.dataPoints[0].asDouble);
  }
  assert.deepEqual(sums["d.example"], [10, 10, 1]);
  assert.deepEqual(sums["c.example"], [2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 21]);
  for (const sink of tide.counters().sinks) assert.equal(sink.delivered, 21);
});

test("bad intervals, temporalities and labels are refused by name", () => {
  const sink = (given: object) =>
    simulated({ sinks: [{ name: "s", format: "otlp-metrics-json", send() {}, ...given } as never] });
  for (const intervalMs of [-1, Number.NaN, 3_600_001, Number.POSITIVE_INFINITY]) {
    assert.throws(() => sink({ intervalMs }), { code: "config/sink", message: /sinks\[0\]\.intervalMs/ });
  }
  for (const temporality of ["Delta", "", "lowmemory"]) {
    assert.throws(() => sink({ temporality }), { code: "config/sink", message: /temporality/ });
    assert.throws(() => otlp({ url: "https://o.example", temporality: temporality as never }), {
      code: "config/sink",
    });
  }
  assert.throws(() => simulated({ labels: ["a", "b", "c", "d"] }), { code: "config/labels" });
  assert.throws(() => simulated({ labels: ["a", "b", "a"] }), { code: "config/labels", message: /labels/ });
  assert.throws(() => simulated({ labels: [1 as never] }), { code: "config/type", message: /labels\[0\]/ });
  assert.throws(() => simulated({ metricSeries: 0 }), { code: "config/metric-series" });
  const metrics = otlp({ url: "https://o.example", signals: ["metrics"] });
  assert.throws(() => simulated({ sinks: [metrics, metrics, metrics, metrics, metrics] }), {
    code: "config/sink",
  });
});

test("redact sees the attributes of metrics, once a set", () => {
  const seen: unknown[] = [];
  const { tide } = simulated({
    redact(key, value) {
      seen.push([key, value]);
      if (key === "bad") throw new Error("no");
      return key === "email" ? undefined : value;
    },
  });
  for (let n = 0; n < 3; n += 1) tide.counter("c").add(1, { email: "a@b.example", plan: "pro" });
  assert.deepEqual(seen, [
    ["email", "a@b.example"],
    ["plan", "pro"],
  ]);
  tide.counter("c").add(1, { email: "other", plan: "pro" });
  tide.counter("c").add(5, { bad: 1 });
  assert.deepEqual(values(tide), [
    ["c", { plan: "pro" }, 4],
    ["c", {}, 5],
  ]);
  assert.equal(tide.counters().truncated, 1);
});

test("a number that is refused takes no place of an attribute set", () => {
  const { tide } = simulated({ metricSeries: 1 });
  const orders = tide.counter("orders");
  for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY, "1"])
    orders.add(bad as number, { bad: String(bad) });
  orders.add(1, { plan: "pro" });
  orders.add(-1, { plan: "pro" });
  assert.deepEqual(values(tide), [["orders", { plan: "pro" }, 1]]);
  assert.deepEqual(tide.counters().metrics, { observed: 1, overflowed: 0, refused: 5 });
});
