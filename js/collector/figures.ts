/** What a collector shows of its engine. After the engine was freed it shows the last copy. */
import type { Totals } from "../delivery/pump-host.ts";
import type { Counters } from "../types/counters.ts";
import type { MetricSeries, TextOptions } from "../types/metrics.ts";
import type { RecentException, Stats, Timeline } from "../types/stats.ts";
import type { Engine } from "../wasm/generated/tidegate.js";
import { timelineOf } from "../wasm/timeline.ts";

/** All plain data. */
export interface Figures {
  readonly totals: Totals;
  readonly counters: Counters;
  readonly stats: Stats;
  /** Of all requests. */
  readonly timeline: Timeline;
  readonly exceptions: RecentException[];
  readonly metrics: MetricSeries[];
  readonly metricsText: string;
}

/** How each is read. Times are the engine's. */
const READERS: {
  readonly [N in keyof Figures]: (engine: Engine, nowMs: number, text?: TextOptions) => Figures[N];
} = {
  totals: totalsOf,
  counters: (engine) => engine.counters() as Counters,
  stats: (engine, nowMs) => engine.stats(nowMs) as Stats,
  timeline: (engine, nowMs) => timelineOf(engine.timeline(nowMs)),
  exceptions: (engine) => exceptionsOf(engine.exceptions()),
  metrics: (engine) => engine.metrics() as MetricSeries[],
  metricsText: (engine, nowMs, text) => engine.metricsText(nowMs, text?.openMetrics, text?.perIsolate),
};

/** One figure of an engine. */
export function readFigure<N extends keyof Figures>(
  engine: Engine,
  name: N,
  nowMs: number,
  text?: TextOptions,
): Figures[N] {
  return READERS[name](engine, nowMs, text);
}

/** All figures of an engine whose events are all delivered or dropped; undefined while it has some left. */
export function lastFigures(engine: Engine, nowMs: number): Figures | undefined {
  const totals = READERS.totals(engine, nowMs);
  if (totals.remaining > 0) return undefined;
  return {
    totals,
    counters: READERS.counters(engine, nowMs),
    stats: READERS.stats(engine, nowMs),
    timeline: READERS.timeline(engine, nowMs),
    exceptions: READERS.exceptions(engine, nowMs),
    metrics: READERS.metrics(engine, nowMs),
    metricsText: READERS.metricsText(engine, nowMs),
  };
}

function totalsOf(engine: Engine): Totals {
  return { delivered: engine.total(0), remaining: engine.total(1), dropped: engine.total(2) };
}

/** The JSON of the engine has the names of a push to the hub. */
function exceptionsOf(json: string): RecentException[] {
  const all = JSON.parse(json) as (Omit<RecentException, "tsMs" | "traceId"> & {
    ts: number;
    trace_id?: string;
  })[];
  return all.map(({ ts, trace_id, ...rest }) => {
    return { tsMs: ts, ...rest, ...(trace_id === undefined ? {} : { traceId: trace_id }) };
  });
}
