/**
 * Figures of the rolling window, 15 minutes by default. A figure without a measured duration is `null`. Durations have four
 * significant digits, and none below a nanosecond.
 */
export interface Figures {
  readonly count: number;
  readonly errors: number;
  /** Events per second. */
  readonly rps: number;
  /** 0…100. */
  readonly errorPct: number;
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly p999Ms: number | null;
  readonly maxMs: number | null;
  readonly meanMs: number | null;
}

/** One route, function or statement. */
export interface SeriesStats extends Figures {
  /** `_OTHER` is the row of all events that have no row of their own. */
  readonly kind: "REQ" | "FN" | "DB" | "_OTHER";
  readonly name: string;
  /** Counts, newest last: 60 slots of 15 s. */
  readonly sparkline: { readonly slots: readonly number[] };
  /**
   * There was no room for fine buckets, in the pool or in a push to a hub: percentiles of this row are off by more than
   * 1 %, mostly by up to 2.2 %.
   */
  readonly coarse: boolean;
  /** Rows that its statements read, where the driver says so, as D1 does. */
  readonly rowsRead?: number;
  /** Rows that its statements wrote. */
  readonly rowsWritten?: number;
}

/** Figures of all requests, sampled or not, and one row per series. */
export interface Stats extends Figures {
  /** Counts, newest last: 60 × 1 s and 60 × 15 s. */
  readonly sparkline: { readonly seconds: readonly number[]; readonly slots: readonly number[] };
  readonly series: readonly SeriesStats[];
}

/** Names one row of `Stats.series`. */
export interface SeriesKey {
  readonly kind: "REQ" | "FN" | "DB" | "_OTHER";
  readonly name: string;
}

/** Figures over time, one of each kind per step, newest last. The newest step is not over. */
export interface Timeline {
  /** The start of the first step: a multiple of `stepMs` since the epoch. */
  readonly startMs: number;
  /** The length of a step. */
  readonly stepMs: number;
  readonly count: readonly number[];
  readonly errors: readonly number[];
  /** `null`: the step has no measured duration. */
  readonly p50Ms: readonly (number | null)[];
  readonly p95Ms: readonly (number | null)[];
  readonly p99Ms: readonly (number | null)[];
}

/** An exception that was recorded a short time ago. What is unknown, or not to be shown, is absent. */
export interface RecentException {
  readonly tsMs: number;
  readonly type: string;
  readonly message?: string;
  readonly stack?: string;
  /** The route of its request, or the name of its handler. While that runs it is unknown. */
  readonly route?: string;
  readonly method?: string;
  readonly traceId?: string;
  /** Whether the program has dealt with it. If not, its request failed by it. */
  readonly handled: boolean;
}
