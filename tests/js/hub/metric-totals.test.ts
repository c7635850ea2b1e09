import assert from "node:assert/strict";
import { test } from "node:test";
import { CLASSIC_BOUNDS } from "../../../js/hub/figures/classic.ts";
import { MetricTotals, REQUESTS } from "../../../js/hub/figures/metric-totals.ts";
import { measuredOf } from "../../../js/hub/figures/otlp.ts";
import { makeRng } from "../../../js/sampling.ts";
import type { BytesSink, Collector, MetricDistribution } from "../../../js/types/index.ts";
import { simulated } from "../_engine.ts";

/** A collector, and what it sent of its metrics, as the engine encodes them. */
function measuring(): { tide: Collector; sent: unknown[] } {
  const sent: unknown[] = [];
  const sink: BytesSink = {
    name: "metrics",
    format: "otlp-metrics-json",
    send: (bytes) => void sent.push(JSON.parse(new TextDecoder().decode(bytes))),
  };
  return { tide: simulated({ sinks: [sink] }).tide, sent };
}

const random = makeRng({ seed: 7 });
/** From microseconds to hours, zeros and negative numbers among them. */
const wide = (): number => (random() < 0.05 ? 0 : (random() < 0.2 ? -1 : 1) * 10 ** (random() * 10 - 6));
const narrow = (): number => 5 + random();

test("deltas of many isolates add up to what one isolate would have measured, bucket by bucket", async () => {
  const one = measuring();
  const many = Array.from({ length: 7 }, measuring);
  for (let step = 0; step < 3000; step += 1) {
    const isolate = many[Math.floor(random() * many.length)] as (typeof many)[number];
    const [size, weight, plan] = [wide(), narrow(), `plan ${Math.floor(random() * 3)}`];
    for (const { tide } of [one, isolate]) {
      tide.histogram("size", { unit: "By" }).record(size, { plan });
      tide.histogram("weight").record(weight);
      tide.counter("orders").add(2, { plan });
      tide.gauge("depth").record(step);
    }
    if (random() < 0.02) await isolate.tide.flush();
  }
  const totals = new MetricTotals(2048);
  for (const { tide, sent } of many) {
    await tide.flush();
    for (const request of sent.reverse()) totals.add(measuredOf(request));
  }
  const sorted = (series: ReturnType<Collector["metrics"]>) =>
    series.toSorted((a, b) =>
      JSON.stringify([a.name, a.attributes]) < JSON.stringify([b.name, b.attributes]) ? -1 : 1,
    );
  const [expected, actual] = [sorted(one.tide.metrics()), sorted(totals.series())];
  assert.equal(actual.length, expected.length);
  for (const [index, wanted] of expected.entries()) {
    const got = actual[index] as typeof wanted;
    assert.deepEqual([got.name, got.kind, got.attributes], [wanted.name, wanted.kind, wanted.attributes]);
    if (wanted.kind !== "histogram") {
      // A gauge has the last number of whoever cut last.
      if (wanted.kind === "counter") assert.deepEqual(got, wanted);
      continue;
    }
    const { sum, ...rest } = got as MetricDistribution;
    assert.ok(Math.abs(sum - wanted.sum) <= 1e-9 * Math.abs(wanted.sum) + 1e-9);
    for (const [name, value] of Object.entries(rest)) {
      const other: unknown = wanted[name as keyof typeof wanted];
      if (typeof value === "number" && name.startsWith("p")) {
        assert.ok(Math.abs(value - Number(other)) <= 1e-9 * Math.abs(value), `${name}: ${value}, ${other}`);
      } else assert.deepEqual(value, other, name);
    }
  }
});

test("classic buckets hold every duration within half a bucket, and never fall", async () => {
  const { tide, sent } = measuring();
  const durations: number[] = [];
  const totals = new MetricTotals(2048);
  let before = CLASSIC_BOUNDS.map(() => 0);
  for (let round = 0; round < 20; round += 1) {
    for (let n = 0; n < 50; n += 1) {
      const ms = 10 ** (random() * 6 - 1);
      durations.push(ms / 1000);
      tide.req("/", "GET", 200, 1_700_000_000_000, ms);
    }
    await tide.flush();
    totals.add(measuredOf(sent.at(-1)));
    const [family] = totals.families().filter(({ metric }) => metric.name === REQUESTS);
    const classic = family?.points[0]?.classic ?? [];
    const counts = CLASSIC_BOUNDS.map((_, index) => classic.slice(0, index + 1).reduce((a, b) => a + b, 0));
    for (const [index, bound] of CLASSIC_BOUNDS.entries()) {
      const upTo = (limit: number) => durations.filter((seconds) => seconds <= limit).length;
      const count = counts[index] as number;
      assert.ok(count >= upTo(bound * 0.956) && count <= upTo(bound * 1.044), `${count} up to ${bound}`);
      assert.ok(count >= (before[index] as number), "a count fell");
    }
    before = counts;
  }
  // A reader adds stored totals up as they are.
  const read = new MetricTotals(2048);
  for (let shard = 0; shard < 2; shard += 1) read.add(JSON.parse(JSON.stringify(totals.families())));
  const classicOf = (of: MetricTotals) => of.families()[0]?.points[0]?.classic as number[];
  assert.deepEqual(
    classicOf(read),
    classicOf(totals).map((count) => 2 * count),
  );
});

test("sets beyond the limit are one, and kinds that disagree have no place", () => {
  const totals = new MetricTotals(3);
  const metric = { name: "orders", unit: "", description: "", kind: "counter" } as const;
  const point = (n: number) => ({ attributes: { n }, timeMs: 1, value: 1 });
  totals.add([{ metric, points: Array.from({ length: 10 }, (_, n) => point(n)) }]);
  totals.add([{ metric: { ...metric, kind: "gauge" }, points: [point(0)] }]);
  totals.add([{ metric, points: [{ attributes: {}, timeMs: 1, value: 5 }] }]);
  assert.deepEqual(
    totals.series().map(({ attributes, ...rest }) => [attributes, "value" in rest && rest.value]),
    [
      [{ n: 0 }, 1],
      [{ n: 1 }, 1],
      [{ n: 2 }, 1],
      [{ "otel.metric.overflow": true }, 7],
      [{}, 5],
    ],
  );
});

test("a gauge has the number that was measured last, in whatever order it came", () => {
  const totals = new MetricTotals(3);
  const metric = { name: "depth", unit: "", description: "", kind: "gauge" } as const;
  for (const timeMs of [2, 3, 1])
    totals.add([{ metric, points: [{ attributes: {}, timeMs, value: timeMs }] }]);
  assert.equal((totals.series()[0] as { value: number }).value, 3);
});

test("a sum is never infinite, which could not be stored", () => {
  const totals = new MetricTotals(3);
  const head = { unit: "", description: "" };
  const distribution = {
    ...{ scale: 0, zeros: 0, count: 1, sum: Number.MAX_VALUE, min: 1, max: Number.MAX_VALUE },
    ...{ positive: { offset: 1023, counts: [1] }, negative: { offset: 0, counts: [] } },
  };
  const point = { attributes: {}, timeMs: 1, value: Number.MAX_VALUE };
  for (let n = 0; n < 2; n += 1) {
    totals.add([{ metric: { ...head, name: "sent", kind: "counter" }, points: [point] }]);
    totals.add([
      { metric: { ...head, name: "size", kind: "histogram" }, points: [{ ...point, distribution }] },
    ]);
  }
  assert.deepEqual(JSON.parse(JSON.stringify(totals.series())), totals.series());
});

test("a set of attributes is at most as long as the engine makes it", () => {
  const sum = (length: number) => {
    const attributes = Array.from({ length: 32 }, (_, n) => ({
      key: `key ${n}`.padEnd(8),
      value: { stringValue: "x".repeat(length / 32 - 8) },
    }));
    const dataPoints = [{ attributes, timeUnixNano: "1", asDouble: 1 }];
    const metrics = [{ name: "a", sum: { dataPoints, aggregationTemporality: 1 } }];
    return measuredOf({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] });
  };
  assert.equal(sum(4096).length, 1);
  assert.throws(() => sum(4096 + 32), { code: "hub/bytes" });
});

test("what is no OTLP of ours is refused whole", () => {
  const histogram = (point: object) => ({
    resourceMetrics: [
      {
        scopeMetrics: [
          {
            metrics: [
              { name: "a", exponentialHistogram: { dataPoints: [point], aggregationTemporality: 1 } },
            ],
          },
        ],
      },
    ],
  });
  const good = { count: "3", sum: 1, scale: 0, zeroCount: "1", positive: { offset: 0, bucketCounts: ["2"] } };
  assert.equal(measuredOf(histogram(good)).length, 1);
  const bad = [
    { ...good, count: "4" },
    { ...good, scale: 99 },
    { ...good, scale: 0.5 },
    { ...good, positive: { offset: 2 ** 40, bucketCounts: ["2"] } },
    { ...good, positive: { offset: 1023, bucketCounts: ["1", "1"] } },
    { ...good, positive: { offset: -1076, bucketCounts: ["2"] } },
    { ...good, positive: { offset: 0, bucketCounts: new Array(161).fill("0").with(0, "2") } },
    { ...good, count: "Infinity" },
  ];
  for (const point of bad) assert.throws(() => measuredOf(histogram(point)), { code: "hub/bytes" });
  for (const none of [null, 1, "x", [], { resourceMetrics: 7 }]) assert.deepEqual(measuredOf(none), []);
});
