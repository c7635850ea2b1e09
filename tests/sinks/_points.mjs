// The points of OTLP metrics, by name and attributes, and what several batches of them come to.
import { attributesOf } from "../../tools/otlp.mjs";

const DELTA = 1;

/** Each point of the metrics with their names, in order: key, temporality, times and what was measured. */
export function pointsOf(metrics) {
  return metrics.flatMap(({ name, unit, description, gauge, sum, exponentialHistogram }) => {
    const data = gauge ?? sum ?? exponentialHistogram;
    return data.dataPoints.map((point) => ({
      key: JSON.stringify([name, unit, description, Object.entries(attributesOf(point)).sort()]),
      kind: gauge ? "gauge" : sum ? `sum ${sum.isMonotonic}` : "histogram",
      temporality: data.aggregationTemporality,
      start: BigInt(point.startTimeUnixNano),
      time: BigInt(point.timeUnixNano),
      value: exponentialHistogram ? histogramOf(point) : Number(point.asInt ?? point.asDouble),
    }));
  });
}

function histogramOf({ count, sum, min, max, scale, zeroCount, positive, negative }) {
  return {
    ...{ sum, min, max, scale },
    ...{ count: Number(count), zero: Number(zeroCount) },
    ...{ positive: bucketsOf(positive), negative: bucketsOf(negative) },
  };
}

function bucketsOf(given) {
  const { offset = 0, bucketCounts = [] } = given ?? {};
  return Object.fromEntries(
    bucketCounts.map((count, at) => [offset + at, Number(count)]).filter(([, count]) => count > 0),
  );
}

/** The total of each key: deltas are added up, of totals and gauges the last one counts. Throws where times overlap. */
export function totals(points) {
  const found = new Map();
  for (const point of points) {
    const before = found.get(point.key);
    if (point.start > point.time) throw new Error(`${point.key} ends before it starts`);
    if (before === undefined) found.set(point.key, point);
    else if (point.temporality === DELTA) {
      if (point.start < before.time) throw new Error(`${point.key}: intervals overlap`);
      found.set(point.key, { ...point, value: merged(before.value, point.value) });
    } else {
      if (point.kind !== "gauge" && point.start !== before.start) throw new Error(`${point.key} began again`);
      found.set(point.key, point);
    }
  }
  return found;
}

/** The value of each key, histograms at the coarser of the two scales. */
export function aligned(one, other) {
  const value = (found, key, peer) => {
    const given = found.get(key)?.value;
    return typeof given === "object" ? atScale(given, Math.min(given.scale, peer.scale)) : given;
  };
  const of = (found, peers) =>
    Object.fromEntries(
      [...found.keys()].sort().map((key) => [key, value(found, key, peers.get(key)?.value ?? {})]),
    );
  return [of(one, other), of(other, one)];
}

function merged(one, other) {
  if (typeof one === "number") return one + other;
  const scale = Math.min(one.scale, other.scale);
  const [a, b] = [atScale(one, scale), atScale(other, scale)];
  return {
    scale,
    sum: a.sum + b.sum,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    count: a.count + b.count,
    zero: a.zero + b.zero,
    positive: added(a.positive, b.positive),
    negative: added(a.negative, b.negative),
  };
}

/** Two buckets of a scale are one of the next coarser. */
function atScale(histogram, scale) {
  const shift = histogram.scale - scale;
  const coarser = (buckets) =>
    Object.entries(buckets).reduce((sum, [at, count]) => added(sum, { [Number(at) >> shift]: count }), {});
  return {
    ...histogram,
    scale,
    positive: coarser(histogram.positive),
    negative: coarser(histogram.negative),
  };
}

function added(one, other) {
  const sum = { ...one };
  for (const [at, count] of Object.entries(other)) sum[at] = (sum[at] ?? 0) + count;
  return sum;
}
