import type { BytesSink, EventsSink, Sink } from "../types/sink.ts";
import type { SinkInternals } from "../types/sink-internals.ts";
import type { AnalyticsPoint, NdjsonEvent } from "../types/wire.ts";
import { metricPoints } from "./_analytics-metrics.ts";
import { type BindingSource, bindingOf, checkBinding } from "./_binding.ts";
import { checkType, copyOf, limits } from "./_options.ts";
import { cut } from "./_text.ts";

/** The part of an Analytics Engine binding that is used. */
export interface AnalyticsEngineLike {
  // biome-ignore lint/suspicious/noExplicitAny: Cloudflare's own type of a point is mutable
  writeDataPoint(point: any): void;
}

/** Options of `analyticsEngine`. */
export interface AnalyticsEngineOptions {
  /** The binding's name in `env`, or a function of `env`. Required. */
  readonly binding: BindingSource<AnalyticsEngineLike>;
  /**
   * Names the sink in counters and notices.
   *
   * @default "analytics-engine"
   */
  readonly name?: string;
  /**
   * Events per batch, 1…`queueSize`.
   *
   * @default the collector's `batchMax`
   */
  readonly batchMax?: number;
  /**
   * Write your counters, gauges and histograms too, every 10 s: of the 250 points of an invocation, events and metrics then
   * have half each. What does not fit is written by the next invocations.
   *
   * @default false
   */
  readonly metrics?: boolean;
}

/** https://developers.cloudflare.com/analytics/analytics-engine/limits: 250 points per invocation, an index of 96 bytes. */
const POINTS_MAX = 250;
const INDEX_BYTES = 96;
/** All blobs of a point together may have 16 KB. */
const BLOB_BYTES = 1024;
const OTHER = "_OTHER";

/** The sums of one kind, name and class. */
interface Group {
  readonly kind: string;
  readonly name: string;
  readonly outcome: string;
  /** The columns of doubles, in their order. */
  readonly sums: Sums;
}

type Sums = [events: number, weight: number, errors: number, timed: number, totalMs: number, maxMs: number];

/**
 * Writes at most 250 aggregated points per batch to Workers Analytics Engine: one for each route and status class,
 * function, query or event name. The rarest beyond that are added up in `_OTHER`.
 *
 * | column | holds |
 * |---|---|
 * | `index1`, `blob2` | name |
 * | `blob1` | kind |
 * | `blob3` | `"2xx"` … `"5xx"`, `"ok"` or `"error"` |
 * | `blob4`, `blob5` | `service.name` and `service.version`, where one is given |
 * | `double1` | events |
 * | `double2` | sum of 1/p: events before sampling |
 * | `double3` | errors |
 * | `double4` | events with a duration |
 * | `double5` | sum of durations in ms |
 * | `double6` | longest duration in ms |
 *
 * With `metrics: true` there are two sinks, and a point for each attribute set of a metric of yours, every 10 s:
 *
 * | column | holds |
 * |---|---|
 * | `index1`, `blob2` | name |
 * | `blob1` | `"COUNTER"`, `"GAUGE"` or `"HISTOGRAM"` |
 * | `blob3` | unit |
 * | `blob4`, `blob5` | `service.name` and `service.version` |
 * | `blob6` … `blob20` | attributes, as `key=value` |
 * | `double1` | what was added to the counter, the gauge's last number, or how many numbers the histogram has counted |
 * | `double2`, `double3`, `double4` | sum, least and greatest number of a histogram |
 *
 * Throws TidegateError `config/sink` without a `binding`.
 */
export function analyticsEngine(
  options: AnalyticsEngineOptions & { readonly metrics: true },
): readonly Sink[];
export function analyticsEngine(options: AnalyticsEngineOptions): EventsSink;
export function analyticsEngine(options: AnalyticsEngineOptions): EventsSink | readonly Sink[] {
  const given = copyOf("analyticsEngine", options, ["binding", "name", "batchMax", "metrics"]);
  const { binding, name = "analytics-engine", metrics = false } = given;
  checkBinding("analyticsEngine", binding);
  checkType("analyticsEngine", "metrics", metrics, ["boolean"]);
  const pointsMax = metrics ? POINTS_MAX / 2 : POINTS_MAX;
  const sink: EventsSink & SinkInternals = {
    name,
    format: "events",
    oncePerInvocation: true,
    ...limits(given),
    send(events, { env }) {
      const dataset = bindingOf(binding, env, "writeDataPoint");
      const groups = aggregate(events, pointsMax);
      const { service = "", version = "" } = events[0] ?? {};
      const program = service || version ? [service, version].map((text) => cut(text, BLOB_BYTES)) : [];
      const points = groups.map((group) => pointOf(group, program));
      const written = write(dataset, points);
      if (written === points.length) return "ok";
      const delivered = groups.slice(0, written).reduce((sum, group) => sum + group.sums[0], 0);
      return { ok: true, rejected: events.length - delivered };
    },
  };
  return metrics ? [sink, metricsSink(binding, name, pointsMax)] : sink;
}

function metricsSink(
  binding: BindingSource<AnalyticsEngineLike>,
  name: string,
  pointsMax: number,
): BytesSink {
  const sink: BytesSink & SinkInternals = {
    name: `${name}-metrics`,
    format: "otlp-metrics-json",
    keepsBytes: false,
    oncePerInvocation: true,
    send(bytes, { env }) {
      const dataset = bindingOf(binding, env, "writeDataPoint");
      const points = metricPoints(bytes);
      if (points.length > pointsMax) return "too-large";
      return { ok: true, rejected: points.length - write(dataset, points) };
    },
  };
  return sink;
}

/**
 * Returns how many points were written. They stay written when a later one fails: a repeat of the batch would count them
 * twice. Throws if the first one fails.
 */
function write(dataset: AnalyticsEngineLike, points: readonly AnalyticsPoint[]): number {
  for (const [at, point] of points.entries()) {
    try {
      dataset.writeDataPoint(point);
    } catch (cause) {
      if (at === 0) throw cause;
      return at;
    }
  }
  return points.length;
}

/** Most frequent first, at most `pointsMax`. */
function aggregate(events: readonly NdjsonEvent[], pointsMax: number): Group[] {
  const groups = new Map<string, Group>();
  for (const event of events) {
    const [kind, name, outcome] = [event.kind, nameOf(event), classOf(event)];
    const key = JSON.stringify([kind, name, outcome]);
    const group = groups.get(key) ?? groupOf(kind, name, outcome);
    groups.set(key, group);
    add(group, sumsOf(event));
  }
  const ordered = [...groups.values()].sort((a, b) => b.sums[0] - a.sums[0]);
  if (ordered.length <= pointsMax) return ordered;
  const other = groupOf(OTHER, OTHER, OTHER);
  for (const rare of ordered.splice(pointsMax - 1)) add(other, rare.sums);
  return [...ordered, other];
}

function groupOf(kind: string, name: string, outcome: string): Group {
  return { kind, name, outcome, sums: [0, 0, 0, 0, 0, 0] };
}

/** The sums of one event. */
function sumsOf(event: NdjsonEvent): Sums {
  const { dur_ms, error, p } = event;
  const isError = error !== undefined || classOf(event) === "5xx";
  return [1, 1 / p, isError ? 1 : 0, dur_ms === undefined ? 0 : 1, dur_ms ?? 0, dur_ms ?? 0];
}

function add({ sums }: Group, more: Sums): void {
  const longest = Math.max(sums[5], more[5]);
  more.forEach((value, column) => {
    sums[column] = (sums[column] as number) + value;
  });
  sums[5] = longest;
}

function nameOf(event: NdjsonEvent): string {
  if (event.kind === "REQ") return event.route;
  if (event.kind === "FN") return event.fn;
  return event.kind === "DB" ? event.summary : event.name;
}

function classOf(event: NdjsonEvent): string {
  if (event.kind === "REQ" && event.status !== undefined) return `${Math.floor(event.status / 100)}xx`;
  return event.error === undefined ? "ok" : "error";
}

function pointOf({ kind, name, outcome, sums }: Group, program: readonly string[]): AnalyticsPoint {
  return {
    indexes: [cut(name, INDEX_BYTES)],
    blobs: [kind, cut(name, BLOB_BYTES), outcome, ...program],
    doubles: sums,
  };
}
