/** What a collector without a core answers: the shapes of the engine, all zeros. */
import type { Counters, Stats } from "./types.ts";

export function emptyCounters(): Counters {
  return {
    emitted: 0,
    accepted: 0,
    sampledOut: 0,
    excluded: 0,
    refused: 0,
    pending: 0,
    coreResets: 0,
    truncated: 0,
    sinks: [],
  };
}

export function emptyStats(): Stats {
  const zeros = () => new Array<number>(60).fill(0);
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
