/** What a collector without an engine answers: zeros in the shapes of the engine. */
import type { Counters } from "../types/counters.ts";
import type { Stats, Timeline } from "../types/stats.ts";

export function emptyCounters(): Counters {
  return {
    emitted: 0,
    accepted: 0,
    sampledOut: 0,
    excluded: 0,
    refused: 0,
    refusedBy: {
      closed: 0,
      unconfigured: 0,
      core: 0,
      entropy: 0,
      name: 0,
      status: 0,
      time: 0,
      request: 0,
    },
    pending: 0,
    coreResets: 0,
    truncated: 0,
    uncarried: 0,
    metrics: { observed: 0, overflowed: 0, refused: 0 },
    sinks: [],
  };
}

const zeros = () => new Array<number>(60).fill(0);

export function emptyStats(): Stats {
  return {
    count: 0,
    errors: 0,
    rps: 0,
    errorPct: 0,
    p50Ms: null,
    p90Ms: null,
    p95Ms: null,
    p99Ms: null,
    p999Ms: null,
    maxMs: null,
    meanMs: null,
    sparkline: { seconds: zeros(), slots: zeros() },
    series: [],
  };
}

const STEP_MS = 15_000;

export function emptyTimeline(nowMs: number): Timeline {
  const nulls = () => new Array<null>(60).fill(null);
  return {
    startMs: (Math.floor(nowMs / STEP_MS) - 59) * STEP_MS,
    stepMs: STEP_MS,
    count: zeros(),
    errors: zeros(),
    p50Ms: nulls(),
    p95Ms: nulls(),
    p99Ms: nulls(),
  };
}
