// The same durations through OpenTelemetry's own exponential histogram and ours.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { itemsOf } from "../../tools/otlp.mjs";
import { capture, START_MS } from "./_capture.mjs";

const require = createRequire(import.meta.url);
const { AggregationType, MeterProvider, MetricReader } = require("@opentelemetry/sdk-metrics");

const MAX_BUCKETS = 160;

class OnDemand extends MetricReader {
  async onForceFlush() {}
  async onShutdown() {}
}

async function theirs(durationsMs) {
  const reader = new OnDemand();
  const aggregation = {
    type: AggregationType.EXPONENTIAL_HISTOGRAM,
    options: { maxSize: MAX_BUCKETS, recordMinMax: true },
  };
  const provider = new MeterProvider({ readers: [reader], views: [{ instrumentName: "*", aggregation }] });
  const histogram = provider.getMeter("reference").createHistogram("duration", { unit: "s" });
  for (const ms of durationsMs) histogram.record(ms / 1000);
  const { resourceMetrics } = await reader.collect();
  return resourceMetrics.scopeMetrics[0].metrics[0].dataPoints[0].value;
}

async function ours(durationsMs) {
  const run = await capture(
    (tide) => {
      for (const ms of durationsMs) tide.req("/same", "GET", 200, START_MS - 60_000, ms);
    },
    { signals: ["metrics"] },
  );
  const points = run.protobuf.flatMap(({ request }) =>
    itemsOf("metrics", request)
      .filter(({ name }) => name === "http.server.request.duration")
      .flatMap(({ exponentialHistogram }) => exponentialHistogram.dataPoints),
  );
  assert.equal(points.length, 1);
  const [{ count, sum, scale, zeroCount, positive, min, max }] = points;
  const bucketCounts = positive.bucketCounts.map(Number);
  return {
    ...{ count: Number(count), sum, scale, zeroCount: Number(zeroCount), min, max },
    positive: { offset: positive.offset, bucketCounts },
  };
}

/** Bucket index → count, at a scale that is `scale` or coarser: neighbors merge by twos. */
function bucketsAt({ scale, positive: { offset, bucketCounts } }, coarser) {
  const merged = new Map();
  for (const [at, count] of bucketCounts.entries()) {
    const index = Math.floor((offset + at) / 2 ** (scale - coarser));
    if (count > 0) merged.set(index, (merged.get(index) ?? 0) + count);
  }
  return [...merged].sort(([a], [b]) => a - b);
}

/** Nearest rank, told by the geometric middle of its bucket. */
function quantile(histogram, q) {
  const { scale, count, zeroCount, positive } = histogram;
  let left = Math.max(Math.ceil(q * count), 1) - zeroCount;
  for (const [at, bucket] of positive.bucketCounts.entries()) {
    left -= bucket;
    if (left <= 0) return 2 ** ((positive.offset + at + 0.5) / 2 ** scale);
  }
  return 0;
}

/** The factor by which such a quantile may be off: half a bucket. */
const halfBucket = ({ scale }) => 2 ** (0.5 / 2 ** scale);

function lcg(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const draw = lcg(7);
const normal = () => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
const cases = {
  "one value": [12.5],
  "log-normal around 20 ms": Array.from({ length: 5000 }, () => 20 * Math.exp(0.8 * normal())),
  "uniform up to 1 s": Array.from({ length: 5000 }, () => draw() * 1000),
  "microseconds to minutes": Array.from({ length: 3000 }, () => 10 ** (-3 + 8 * draw())),
  "powers of two, on the edges": Array.from({ length: 40 }, (_, at) => 1000 * 2 ** ((at % 20) - 10)),
  "two far clusters": Array.from(
    { length: 2000 },
    (_, at) => (at % 2 === 0 ? 0.2 : 30_000) * (1 + draw() / 10),
  ),
};

for (const [name, durationsMs] of Object.entries(cases)) {
  test(`${name}: counts equal, quantiles within the joint error`, async () => {
    const [mine, reference] = [await ours(durationsMs), await theirs(durationsMs)];
    assert.equal(mine.count, reference.count);
    assert.equal(mine.zeroCount, reference.zeroCount);
    assert.ok(Math.abs(mine.sum - reference.sum) <= 1e-9 * reference.sum, `${mine.sum} ${reference.sum}`);
    assert.ok(Math.abs(mine.min - reference.min) <= 1e-12 * reference.min);
    assert.ok(Math.abs(mine.max - reference.max) <= 1e-12 * reference.max);
    assert.ok(mine.positive.bucketCounts.length <= MAX_BUCKETS);
    const coarser = Math.min(mine.scale, reference.scale);
    assert.deepEqual(bucketsAt(mine, coarser), bucketsAt(reference, coarser), "the same buckets");
    const joint = halfBucket(mine) * halfBucket(reference);
    for (const q of [0.01, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999, 1]) {
      const ratio = quantile(mine, q) / quantile(reference, q);
      assert.ok(ratio <= joint * (1 + 1e-12) && ratio >= 1 / joint / (1 + 1e-12), `q ${q}: ${ratio}`);
    }
  });
}
