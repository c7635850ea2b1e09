/** Metrics of a service since the hub began: what isolates measured, added up. */
import type { MetricSeries } from "../../types/metrics.ts";
import { type Classic, classicOf } from "./classic.ts";
import { addDistribution, type Distribution, finiteSum, quantileOf } from "./distribution.ts";
import type { Measured, MetricHead, Point, PointAttributes } from "./otlp.ts";

/** One set of attributes. As JSON it is what it is. */
export interface TotalPoint {
  readonly attributes: PointAttributes;
  timeMs: number;
  value: number;
  readonly distribution?: Distribution | undefined;
  /** Of requests: those whose duration is not known, which are in no distribution. */
  untimed?: number | undefined;
  /** Of the durations of requests. */
  readonly classic?: Classic | undefined;
}

interface Family {
  readonly metric: MetricHead;
  readonly points: Map<string, TotalPoint>;
}

export type MetricsJson = { readonly metric: MetricHead; readonly points: readonly TotalPoint[] }[];

/** Durations of requests. */
export const REQUESTS = "http.server.request.duration";
const STATEMENTS = "db.client.operation.duration";

/** Sums, last values and histograms by set of attributes. The first sets stay; further ones are one: the overflow. */
export class MetricTotals {
  readonly #families = new Map<string, Family>();
  readonly #most: number;
  #points = 0;

  /** `most`: sets of attributes in all. */
  constructor(most: number) {
    this.#most = most;
  }

  add(all: readonly (Measured | MetricsJson[number])[]): void {
    for (const { metric, points } of all) {
      const family = this.#familyOf(metric);
      // A metric of another kind, as another version of the program may have it, finds no place.
      if (family === undefined || family.metric.kind !== metric.kind) continue;
      for (const point of points) this.#addPoint(family, point);
    }
  }

  #familyOf(metric: MetricHead): Family | undefined {
    const key = metric.name.toLowerCase();
    const known = this.#families.get(key);
    if (known !== undefined || this.#families.size >= FAMILIES_MAX) return known;
    const made: Family = { metric, points: new Map() };
    this.#families.set(key, made);
    return made;
  }

  #addPoint({ metric, points }: Family, point: Point | TotalPoint): void {
    const key = JSON.stringify(point.attributes);
    const isFull = this.#points >= this.#most && Object.keys(point.attributes).length > 0;
    const known = points.get(key) ?? (isFull ? points.get(OVERFLOW_KEY) : undefined);
    if (known === undefined) {
      const attributes = isFull ? OVERFLOW : point.attributes;
      points.set(isFull ? OVERFLOW_KEY : key, firstOf(metric, attributes, point));
      this.#points += 1;
    } else addPoint(metric, known, point);
  }

  families(): MetricsJson {
    return [...this.#families.values()].map(({ metric, points }) => ({
      metric,
      points: [...points.values()],
    }));
  }

  /** Metrics of the program. */
  series(): MetricSeries[] {
    const own = this.families().filter(({ metric }) => !OURS.includes(metric.name));
    return own.flatMap(({ metric, points }) => points.map((point) => seriesOf(metric, point)));
  }
}

function firstOf(metric: MetricHead, attributes: PointAttributes, point: Point | TotalPoint): TotalPoint {
  const { timeMs, value, untimed } = point;
  const distribution = structuredClone(point.distribution);
  return { attributes, timeMs, value, distribution, untimed, classic: classicFor(metric, point) };
}

function addPoint({ kind, ...metric }: MetricHead, into: TotalPoint, point: Point | TotalPoint): void {
  if (kind === "counter") into.value = finiteSum(into.value, point.value);
  if (kind === "gauge" && point.timeMs >= into.timeMs) into.value = point.value;
  into.timeMs = Math.max(into.timeMs, point.timeMs);
  if (point.untimed !== undefined) into.untimed = (into.untimed ?? 0) + point.untimed;
  if (into.distribution && point.distribution) addDistribution(into.distribution, point.distribution);
  const added = classicFor({ kind, ...metric }, point);
  for (const [index, count] of added?.entries() ?? []) {
    if (into.classic) into.classic[index] = (into.classic[index] ?? 0) + count;
  }
}

/** From a push it is computed once, when it is added, so that no count falls when its distribution gets coarser. */
function classicFor({ name }: MetricHead, point: Point | TotalPoint): Classic | undefined {
  if (name !== REQUESTS || point.distribution === undefined) return undefined;
  return "classic" in point && point.classic ? [...point.classic] : classicOf(point.distribution);
}

function seriesOf({ name, unit, kind }: MetricHead, point: TotalPoint): MetricSeries {
  const { attributes, value, distribution } = point;
  if (kind !== "histogram" || distribution === undefined) {
    return { name, kind: kind as "counter" | "gauge", unit, attributes, value };
  }
  const { count, sum, min, max } = distribution;
  const [p50, p90, p99] = [0.5, 0.9, 0.99].map((q) => quantileOf(distribution, q)) as [
    number,
    number,
    number,
  ];
  return { name, kind, unit, attributes, count, sum, min, max, p50, p90, p99 };
}

const OURS: readonly string[] = [REQUESTS, STATEMENTS];
const FAMILIES_MAX = 128;
const OVERFLOW: PointAttributes = { "otel.metric.overflow": true };
const OVERFLOW_KEY = JSON.stringify(OVERFLOW);
