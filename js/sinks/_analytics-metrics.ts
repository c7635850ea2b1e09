/** The program's metrics as points of Analytics Engine. They are read from OTLP's JSON, of one interval. */
import type { AttributeValue } from "../types/attributes.ts";
import type { AnalyticsPoint } from "../types/wire.ts";
import { cut } from "./_text.ts";

const INDEX_BYTES = 96;
const TEXT_BYTES = 512;
/** A point has 20 blobs. */
const ATTRIBUTES_MAX = 15;
/** What the points of events have, and tidegate's own counters. */
const NOT_OF_PROGRAM = /^(http\.server\.request|db\.client\.operation)\.duration$|^tidegate\./;

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: string } & Record<string, unknown>;
}

interface DataPoint {
  readonly attributes?: readonly Attribute[];
  readonly asDouble?: number;
  readonly count?: string;
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
}

interface Metric {
  readonly name: string;
  readonly unit?: string;
  readonly sum?: { readonly dataPoints: readonly DataPoint[] };
  readonly gauge?: { readonly dataPoints: readonly DataPoint[] };
  readonly exponentialHistogram?: { readonly dataPoints: readonly DataPoint[] };
}

interface Exported {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[];
  }[];
}

/** One point for each attribute set of each metric of the program. */
export function metricPoints(bytes: Uint8Array): AnalyticsPoint[] {
  const { resourceMetrics } = JSON.parse(new TextDecoder().decode(bytes)) as Exported;
  return resourceMetrics.flatMap(({ resource, scopeMetrics }) => {
    const program = ["service.name", "service.version"].map((key) => textOf(resource.attributes, key));
    const metrics = scopeMetrics.flatMap((scope) => scope.metrics);
    return metrics
      .filter(({ name }) => !NOT_OF_PROGRAM.test(name))
      .flatMap((metric) => pointsOf(metric, program));
  });
}

function pointsOf(metric: Metric, program: readonly string[]): AnalyticsPoint[] {
  const { name, unit = "", sum, gauge, exponentialHistogram } = metric;
  const kind = sum ? "COUNTER" : gauge ? "GAUGE" : "HISTOGRAM";
  const { dataPoints } = sum ?? gauge ?? exponentialHistogram ?? { dataPoints: [] };
  return dataPoints.map(({ attributes = [], asDouble, count, sum: total, min, max }) => ({
    indexes: [cut(name, INDEX_BYTES)],
    blobs: [
      kind,
      cut(name, TEXT_BYTES),
      unit,
      ...program,
      ...attributes.slice(0, ATTRIBUTES_MAX).map(pairOf),
    ],
    doubles: asDouble === undefined ? [Number(count), total ?? 0, min ?? 0, max ?? 0] : [asDouble],
  }));
}

function pairOf({ key, value }: Attribute): string {
  return cut(`${key}=${scalarOf(value)}`, TEXT_BYTES);
}

function textOf(attributes: readonly Attribute[], key: string): string {
  const found = attributes.find((attribute) => attribute.key === key);
  return found === undefined ? "" : cut(String(scalarOf(found.value)), TEXT_BYTES);
}

function scalarOf(value: Attribute["value"]): AttributeValue {
  return Object.values(value)[0] as AttributeValue;
}
