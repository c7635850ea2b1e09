import type { AnalyticsPoint, EventsSink, NdjsonEvent } from "../types.ts";
import { type BindingSource, bindingOf, bindingProblem, cut } from "./_binding.ts";

/** The part of an Analytics Engine binding that is used. */
export interface AnalyticsEngineLike {
  // biome-ignore lint/suspicious/noExplicitAny: Cloudflare's own type of a point is mutable
  writeDataPoint(point: any): void;
}

/** Options of `analyticsEngine`. */
export interface AnalyticsEngineOptions {
  /** The binding's name in `env`, or a function of `env`. Required. */
  readonly binding: BindingSource<AnalyticsEngineLike>;
  /** Names the sink. Default `"analytics-engine"`. */
  readonly name?: string;
  readonly batchMax?: number;
}

/** https://developers.cloudflare.com/analytics/analytics-engine/limits: 25 points an invocation, an index of 96 bytes. */
const POINTS_MAX = 20;
const INDEX_BYTES = 96;
/** Three of them are far below the 16 KB that all blobs of a point may have. */
const BLOB_BYTES = 1024;
const OTHER = "_OTHER";

/** What is added up for one kind, name and class. */
interface Sums {
  readonly kind: string;
  readonly name: string;
  readonly outcome: string;
  events: number;
  weight: number;
  errors: number;
  timed: number;
  totalMs: number;
  maxMs: number;
}

/**
 * Writes at most 20 aggregated points a batch to Workers Analytics Engine: one for each route and status class,
 * function, query or event name. The rarest beyond that are added up in `_OTHER`.
 *
 * `index1` = name · `blob1` = kind · `blob2` = name · `blob3` = `"2xx"`…`"5xx"`, `"ok"` or `"error"` ·
 * `double1` = events · `double2` = Σ 1/p, events before sampling · `double3` = errors · `double4` = events with a
 * duration · `double5` = sum of durations in ms · `double6` = longest in ms.
 */
export function analyticsEngine(options: AnalyticsEngineOptions): EventsSink {
  const { binding, name = "analytics-engine", batchMax } = options ?? ({} as AnalyticsEngineOptions);
  const problem = bindingProblem(binding);
  return {
    name,
    format: "events",
    oncePerInvocation: true,
    ...(batchMax === undefined ? {} : { batchMax }),
    ...(problem === undefined ? {} : { problem }),
    send(events, { env }) {
      const dataset = bindingOf(binding, env, "writeDataPoint");
      const points = aggregate(events);
      let written = 0;
      for (const [at, sums] of points.entries()) {
        try {
          dataset.writeDataPoint(pointOf(sums));
          written += sums.events;
        } catch (cause) {
          // What is written stays written: a repeat of the batch would count it twice.
          if (at === 0) throw cause;
          return { ok: true, rejected: events.length - written };
        }
      }
      return "ok";
    },
  };
}

/** Most frequent first, at most `POINTS_MAX`. */
function aggregate(events: readonly NdjsonEvent[]): Sums[] {
  const groups = new Map<string, Sums>();
  for (const event of events) {
    const [kind, name, outcome] = [event.kind, nameOf(event), classOf(event)];
    const key = JSON.stringify([kind, name, outcome]);
    const group = groups.get(key) ?? zeros(kind, name, outcome);
    groups.set(key, group);
    add(group, measured(event));
  }
  const ordered = [...groups.values()].sort((a, b) => b.events - a.events);
  if (ordered.length <= POINTS_MAX) return ordered;
  const other = zeros(OTHER, OTHER, OTHER);
  for (const rare of ordered.slice(POINTS_MAX - 1)) add(other, rare);
  return [...ordered.slice(0, POINTS_MAX - 1), other];
}

function zeros(kind: string, name: string, outcome: string): Sums {
  return { kind, name, outcome, events: 0, weight: 0, errors: 0, timed: 0, totalMs: 0, maxMs: 0 };
}

type Measures = Omit<Sums, "kind" | "name" | "outcome">;

function measured(event: NdjsonEvent): Measures {
  const { dur_ms: ms = 0 } = event;
  const failed = event.error !== undefined || classOf(event) === "5xx";
  const timed = event.dur_ms === undefined ? 0 : 1;
  return { events: 1, weight: 1 / event.p, errors: failed ? 1 : 0, timed, totalMs: ms, maxMs: ms };
}

function add(to: Sums, from: Measures): void {
  for (const key of ["events", "weight", "errors", "timed", "totalMs"] as const) to[key] += from[key];
  to.maxMs = Math.max(to.maxMs, from.maxMs);
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

function pointOf(sums: Sums): AnalyticsPoint {
  const { kind, name, outcome, events, weight, errors, timed, totalMs, maxMs } = sums;
  return {
    indexes: [cut(name, INDEX_BYTES)],
    blobs: [kind, cut(name, BLOB_BYTES), outcome],
    doubles: [events, weight, errors, timed, totalMs, maxMs],
  };
}
