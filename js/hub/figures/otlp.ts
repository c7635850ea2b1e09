/** Metrics of a push: OTLP JSON with delta temporality, as the engine encodes it. */
import type { AttributeValue } from "../../types/attributes.ts";
import { TidegateError } from "../../types/error.ts";
import { type Distribution, distributionOf } from "./distribution.ts";
import { count, type Fields, fields, finite, list, text } from "./reading.ts";

/** A metric, without its values. */
export interface MetricHead {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly kind: "counter" | "gauge" | "histogram";
}

export type PointAttributes = Readonly<Record<string, AttributeValue>>;

/** What was measured of one set of attributes since the push before. */
export interface Point {
  readonly attributes: PointAttributes;
  readonly timeMs: number;
  /** Of a counter what was added; of a gauge the last number. */
  readonly value: number;
  readonly distribution?: Distribution | undefined;
  /** Of requests: those whose duration is not known. */
  readonly untimed?: number | undefined;
}

export interface Measured {
  readonly metric: MetricHead;
  readonly points: readonly Point[];
}

/** Cumulative sums are left out: they are the counters, which come with the head of a push. */
export function measuredOf(request: unknown): Measured[] {
  const metrics = list(fields(request).resourceMetrics)
    .flatMap((resource) => list(fields(resource).scopeMetrics))
    .flatMap((scope) => list(fields(scope).metrics));
  return metrics.flatMap((metric) => measured(fields(metric)));
}

function measured(metric: Fields): Measured[] {
  const [kind, data] = dataOf(metric);
  if (kind === undefined || (kind !== "gauge" && data.aggregationTemporality !== DELTA)) return [];
  const name = text(metric.name, TEXT_MAX);
  if (!name) throw new TidegateError("hub/bytes", "a metric has no name");
  const unit = text(metric.unit, UNIT_MAX) ?? "";
  const description = text(metric.description, DESCRIPTION_MAX) ?? "";
  const points = list(data.dataPoints).map((point) => pointOf(fields(point), kind));
  return [{ metric: { name, unit, description, kind }, points }];
}

function dataOf(metric: Fields): [kind: MetricHead["kind"] | undefined, data: Fields] {
  if (metric.sum !== undefined) return ["counter", fields(metric.sum)];
  if (metric.gauge !== undefined) return ["gauge", fields(metric.gauge)];
  if (metric.exponentialHistogram !== undefined) return ["histogram", fields(metric.exponentialHistogram)];
  return [undefined, {}];
}

function pointOf(point: Fields, kind: MetricHead["kind"]): Point {
  const value = kind === "histogram" ? 0 : (finite(point.asDouble) ?? finite(point.asInt));
  const isUsable = value !== undefined && (kind !== "counter" || value >= 0);
  if (!isUsable) throw new TidegateError("hub/bytes", "a point has no usable value");
  return {
    attributes: attributesOf(point.attributes),
    timeMs: (finite(point.timeUnixNano) ?? 0) / 1e6,
    value,
    distribution: kind === "histogram" ? distributionOf(point) : undefined,
    untimed: point.untimed === undefined ? undefined : count(point.untimed),
  };
}

/** In the order of their keys, so that equal sets have equal texts. */
function attributesOf(given: unknown): PointAttributes {
  const pairs = list(given)
    .slice(0, ATTRIBUTES_MAX)
    .map((pair) => [text(fields(pair).key, TEXT_MAX) ?? "", anyValue(fields(fields(pair).value))] as const)
    .filter(([, value]) => value !== undefined);
  const length = pairs.reduce((sum, [key, value]) => sum + key.length + String(value).length, 0);
  if (length > ATTRIBUTES_LENGTH_MAX) throw new TidegateError("hub/bytes", "a set of attributes is too long");
  return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1))) as PointAttributes;
}

function anyValue(value: Fields): AttributeValue | undefined {
  if (typeof value.boolValue === "boolean") return value.boolValue;
  return text(value.stringValue, TEXT_MAX) ?? finite(value.intValue) ?? finite(value.doubleValue);
}

const DELTA = 1;
const TEXT_MAX = 256;
const UNIT_MAX = 63;
const DESCRIPTION_MAX = 1023;
const ATTRIBUTES_MAX = 64;
/** An event has at most 4 KiB of them. Sets are kept in memory, so each needs a bound. */
const ATTRIBUTES_LENGTH_MAX = 4096;
