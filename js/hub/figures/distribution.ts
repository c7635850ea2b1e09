/**
 * Exponential histograms of OTLP, which add up.
 *
 * Spec: https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
 */
import { TidegateError } from "../../types/error.ts";
import { count, type Fields, fields, finite, list } from "./reading.ts";

/** Counts of neighbouring buckets, from bucket `offset` on: of finite numbers. */
interface Buckets {
  offset: number;
  counts: number[];
}

/** As JSON it is what it is. */
export interface Distribution {
  /** Bucket `i` holds (base^i, base^(i+1)], where base is 2^(2^-scale). */
  scale: number;
  count: number;
  sum: number;
  zeros: number;
  min: number;
  max: number;
  readonly positive: Buckets;
  readonly negative: Buckets;
}

/** A data point of OTLP JSON. Throws TidegateError `hub/bytes` for buckets that are none. */
export function distributionOf(point: Fields): Distribution {
  const scale = finite(point.scale) ?? 0;
  if (!Number.isInteger(scale) || Math.abs(scale) > SCALE_MAX) throw bad("a scale is out of range");
  const [positive, negative] = [bucketsOf(point.positive, scale), bucketsOf(point.negative, scale)];
  const zeros = count(point.zeroCount);
  const total = zeros + sumOf(positive.counts) + sumOf(negative.counts);
  if (count(point.count) !== total) throw bad("a count is not that of its buckets");
  const { min, max, sum } = point;
  return {
    ...{ scale, zeros, count: total, positive, negative },
    ...{ sum: finite(sum) ?? 0, min: finite(min) ?? 0, max: finite(max) ?? 0 },
  };
}

function bucketsOf(given: unknown, scale: number): Buckets {
  const { offset, bucketCounts } = fields(given);
  const counts = list(bucketCounts).map(count);
  const first = finite(offset) ?? 0;
  const isInRange = first * 2 ** -scale >= -1075 && (first + counts.length - 1) * 2 ** -scale < 1024;
  if (counts.length > BUCKETS_MAX || !Number.isInteger(first) || (counts.length > 0 && !isInRange))
    throw bad("buckets are out of range");
  return { offset: first, counts };
}

/** Adds `other`, at the coarser scale of both, or a coarser one if there were more than 160 buckets. */
export function addDistribution(into: Distribution, other: Distribution): void {
  const added = structuredClone(other);
  coarsen(into, into.scale - added.scale);
  coarsen(added, added.scale - into.scale);
  while (!fits(into.positive, added.positive) || !fits(into.negative, added.negative)) {
    coarsen(into, 1);
    coarsen(added, 1);
  }
  addBuckets(into.positive, added.positive);
  addBuckets(into.negative, added.negative);
  if (added.count > 0) {
    into.min = into.count > 0 ? Math.min(into.min, added.min) : added.min;
    into.max = into.count > 0 ? Math.max(into.max, added.max) : added.max;
  }
  into.count += added.count;
  into.zeros += added.zeros;
  into.sum = finiteSum(into.sum, added.sum);
}

/** Merges buckets in groups of 2^`steps`. */
function coarsen(distribution: Distribution, steps: number): void {
  if (steps <= 0) return;
  distribution.scale -= steps;
  for (const buckets of [distribution.positive, distribution.negative]) {
    const { offset, counts } = buckets;
    const first = Math.floor(offset / 2 ** steps);
    const merged: number[] = [];
    for (const [index, number] of counts.entries()) {
      const at = Math.floor((offset + index) / 2 ** steps) - first;
      merged[at] = (merged[at] ?? 0) + number;
    }
    Object.assign(buckets, { offset: first, counts: merged });
  }
}

function fits(one: Buckets, two: Buckets): boolean {
  if (one.counts.length === 0 || two.counts.length === 0) return true;
  return endOf([one, two]) - Math.min(one.offset, two.offset) <= BUCKETS_MAX;
}

function addBuckets(into: Buckets, other: Buckets): void {
  if (other.counts.length === 0) return;
  const both = into.counts.length === 0 ? [other] : [into, other];
  const offset = Math.min(...both.map((buckets) => buckets.offset));
  const counts: number[] = new Array(endOf(both) - offset).fill(0);
  for (const buckets of both) {
    for (const [index, number] of buckets.counts.entries()) {
      const at = buckets.offset + index - offset;
      counts[at] = (counts[at] as number) + number;
    }
  }
  Object.assign(into, { offset, counts });
}

const endOf = (all: readonly Buckets[]): number =>
  Math.max(...all.map(({ offset, counts }) => offset + counts.length));

/** The value at `q`, 0…1, by nearest rank: the middle of its bucket, within the smallest and the largest number. */
export function quantileOf(distribution: Distribution, q: number): number {
  const { scale, zeros, positive, negative, min, max } = distribution;
  const rank = Math.min(Math.max(Math.ceil(distribution.count * q), 1), distribution.count);
  const below = middles(negative, scale).map(([value, number]) => [-value, number] as const);
  let seen = 0;
  for (const [value, number] of [...below.reverse(), [0, zeros] as const, ...middles(positive, scale)]) {
    seen += number;
    if (seen >= rank) return Math.min(Math.max(value, min), max);
  }
  return max;
}

/** The middle of each bucket, and its count. */
export function middles(buckets: Buckets, scale: number): [value: number, count: number][] {
  return buckets.counts.map((number, index) => {
    const low = boundOf(buckets.offset + index, scale);
    const high = boundOf(buckets.offset + index + 1, scale);
    return [(2 * low) / (1 + low / high), number];
  });
}

/** The lower bound of bucket `index`: a finite number above 0. */
export function boundOf(index: number, scale: number): number {
  return 2 ** Math.min(Math.max(index * 2 ** -scale, -1022), 1023);
}

/** As the engine adds: JSON has no infinity, so a stored sum would be lost. */
export const finiteSum = (one: number, two: number): number =>
  Math.min(Math.max(one + two, -Number.MAX_VALUE), Number.MAX_VALUE);

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);
const bad = (message: string): TidegateError => new TidegateError("hub/bytes", message);

/** OpenTelemetry's limits. */
const SCALE_MAX = 20;
const BUCKETS_MAX = 160;
