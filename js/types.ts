/** Every public type, and no code. Times are wall-clock milliseconds unless a name says otherwise. */

import type { Scope } from "./scope-types.ts";
import type { Sink } from "./sink-types.ts";
import type { Attributes, Counters, DropReason } from "./wire.ts";

export type * from "./scope-types.ts";
export type * from "./sink-types.ts";
export type * from "./wire.ts";

/** Which requests are recorded. */
export interface SamplingOptions {
  /** Share of requests recorded, 0…1. Default 1. */
  readonly rate?: number;
  /** Never recorded, not even in stats: a prefix (`"/health"`) or `"re:<regex>"`. Default none. */
  readonly exclude?: readonly string[];
  /** `[pattern, rate]`; the first match wins over `rate`. Default none. */
  readonly overrides?: readonly (readonly [string, number])[];
  /** Record every request that fails. Default true. */
  readonly alwaysSampleErrors?: boolean;
  /** Lowest status that is an error, 100…1000. Default 500. */
  readonly errorThreshold?: number;
  /** Makes the draws repeatable: an integer 0…2⁵³−1 or an unsigned 64-bit bigint. Default: seeded by the host. */
  readonly seed?: number | bigint;
  /** Your own source of draws in [0, 1). It is called once for each decision that needs a draw. */
  readonly rng?: () => number;
  /** Also record requests slower than this many ms, or than the route's p99. Default off. */
  readonly keepSlowMs?: number | "p99";
  /** Let a sampled `traceparent` force recording. Default false: strangers do not set your sampling rate. */
  readonly respectParent?: boolean;
}

/** The part of `AsyncLocalStorage` that links children to their request. */
export interface ContextStorage {
  run<T>(store: unknown, work: () => T): T;
  getStore(): unknown;
}

/** Options of `createCollector`. */
export interface CollectorOptions {
  /** Who is measured. */
  readonly service?: { readonly name?: string; readonly version?: string };
  /** Where events go; nested arrays are flattened. Default none: counters and stats only. */
  readonly sinks?: readonly (Sink | readonly Sink[])[];
  readonly sampling?: SamplingOptions;
  /** Events held. Default 2048. Beyond it the oldest goes and is counted. */
  readonly queueSize?: number;
  /** Bytes of attributes held. Default 1 MiB. */
  readonly queueBytes?: number;
  /** A batch leaves when its oldest event is this old. Default 500. */
  readonly flushIntervalMs?: number;
  /** A batch leaves when it has this many events. Default 256. */
  readonly batchMax?: number;
  /** Failures in a row after which a sink is disabled. Default 5. */
  readonly maxConsecutiveSinkFailures?: number;
  /** How long `close` may take. Default 2000. */
  readonly closeTimeoutMs?: number;
  /** End-to-end budget of one batch, and what `flush` may take. Default 2000. */
  readonly flushDeadlineMs?: number;
  /** When a batch whose sender died is handed out again. Default `flushDeadlineMs` + 1000, and never less than that budget. */
  readonly leaseMs?: number;
  /** First backoff, with full jitter. Default 250. */
  readonly retryBaseMs?: number;
  /** Longest backoff. Default 30000. */
  readonly retryMaxMs?: number;
  /** When a disabled sink is tried again; `Infinity` = never. Default 30000. */
  readonly sinkProbeMs?: number;
  /** Rows of statistics. Default 128. */
  readonly statsSeries?: number;
  /** Arm timers and lead flushes. Default true; with false only your own `tick`, `flush` and `close` send. */
  readonly autoTick?: boolean;
  /** Wall-clock milliseconds. Default `Date.now`. 0 and NaN mean "no clock now". */
  readonly clock?: () => number;
  /** An `AsyncLocalStorage` of yours. Default: the runtime's, where it has one. */
  readonly context?: ContextStorage;
  /** Close on SIGTERM and SIGINT (Node, Deno, Bun). Default true. */
  readonly handleSignals?: boolean;
}

interface EventBase {
  readonly startMs: number;
  /** Absent = unknown: counted, but in no percentile. */
  readonly durationMs?: number | undefined;
  /** An Error, its type's name, or anything that is neither null nor undefined. */
  readonly error?: unknown;
  readonly attributes?: Attributes | undefined;
  /** W3C header of the parent, for an event outside a request. An invalid one starts a new trace. */
  readonly traceparent?: string | undefined;
}

/** One event as an object. */
export type EventInput =
  | (EventBase & {
      readonly kind: "REQ";
      readonly route: string;
      readonly method: string;
      readonly status: number;
    })
  | (EventBase & { readonly kind: "FN"; readonly name: string })
  | (EventBase & {
      readonly kind: "DB";
      readonly statement: string;
      readonly system?: string;
      readonly rows?: number;
    })
  | (Omit<EventBase, "startMs"> & {
      readonly kind: "EVT";
      readonly name: string;
      readonly startMs?: number;
    });

/** What `flush` and `close` resolve to: sums over all sinks. */
export interface FlushResult {
  /** Events delivered meanwhile. */
  readonly delivered: number;
  /** Events still queued or in flight. */
  readonly remaining: number;
  /** Events dropped meanwhile, for whatever reason. */
  readonly dropped: number;
  /** The deadline came first. */
  readonly timedOut: boolean;
}

/** Figures of the rolling 15-minute window. A percentile without a measured duration is `null`. */
export interface Figures {
  readonly count: number;
  readonly errors: number;
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
  /** `_OTHER`, as is the name: what has no row of its own. */
  readonly kind: "REQ" | "FN" | "DB" | "_OTHER";
  readonly name: string;
  /** Counts, newest last: 60 slots of 15 s. */
  readonly sparkline: { readonly slots: readonly number[] };
  /** Its buckets were made wider (≤ 2.2 % error) because the pool ran out. */
  readonly coarse: boolean;
}

/** All requests, sampled or not, and one row a series. */
export interface Stats extends Figures {
  /** Counts, newest last: 60 × 1 s and 60 × 15 s. */
  readonly sparkline: { readonly seconds: readonly number[]; readonly slots: readonly number[] };
  readonly series: readonly SeriesStats[];
}

/** What happened, by type. */
export interface Notices {
  /** Accepted events were lost. */
  drop: {
    readonly type: "drop";
    readonly sink: string;
    readonly reason: DropReason;
    readonly count: number;
  };
  /** A batch was settled. */
  flush: {
    readonly type: "flush";
    readonly sink: string;
    readonly batchId: string;
    readonly count: number;
    readonly outcome: string;
  };
  "sink-disabled": { readonly type: "sink-disabled"; readonly sink: string };
  "sink-recovered": { readonly type: "sink-recovered"; readonly sink: string };
  /** The core failed and was replaced; what it held counts `core_reset`. */
  "core-reset": { readonly type: "core-reset"; readonly reason: string };
  /**
   * The collector does nothing any more (its own code), a send threw (`sink/threw`), or a receiver has taken a
   * batch with a remark (`sink/partial-success`).
   */
  error: { readonly type: "error"; readonly code: string; readonly message: string };
}

/** What `createCollector` gives. Nothing here throws at run time, and every method works detached. */
export interface Collector extends Omit<Scope, "route" | "set"> {
  /** Records a request that is over: no object is made, one boundary crossing. */
  req(
    route: string,
    method: string,
    status: number,
    startMs: number,
    durationMs?: number,
    error?: unknown,
  ): void;
  enqueue(event: EventInput): void;
  /**
   * The same set, bound to a request that an adapter has opened. Ask for it while the request runs: what is asked for
   * then stays bound to it. In a Worker a request that is over is found among the last 64 only; an event of one that is
   * not found stands alone.
   */
  scope(request: object): Scope;
  /** Sends what is due. Returns the ms until the next tick is wanted, or null. */
  tick(nowMs?: number): number | null;
  /** Sends what is queued now. Never rejects, never takes longer than its deadline. */
  flush(options?: { readonly deadlineMs?: number }): Promise<FlushResult>;
  /** Refuses new events, then flushes. Never rejects, never takes longer than its timeout. */
  close(options?: { readonly timeoutMs?: number }): Promise<FlushResult>;
  /** Gives the environment; the first call decides when options are a function. Adapters call it. */
  configure(env: unknown): void;
  /** Events waiting to be sent. */
  readonly queueDepth: number;
  counters(): Counters;
  stats(): Stats;
  /** Prometheus text, version 0.0.4: lifetime totals and the figures of the window. Of this isolate only. */
  metricsText(): string;
  /** Why the collector does nothing, if it does nothing. */
  readonly error: Error | undefined;
  /** Adds a listener; the answer removes it. Listeners run after the engine is done. */
  on<K extends keyof Notices>(type: K, listener: (notice: Notices[K]) => void): () => void;
}
