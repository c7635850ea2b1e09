/** Every public type, and no code. Times are wall-clock milliseconds unless a name says otherwise. */

import type { Attributes, AttributeValue, Counters, DropReason, NdjsonEvent } from "./wire.ts";

export type * from "./wire.ts";

/** The part of a `Response` that is read: its status, `Retry-After`, and the body so that it can be drained. */
export interface ResponseLike {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body?: BodyLike | null;
  arrayBuffer?(): Promise<ArrayBuffer>;
}

/** The part of a response's stream that is used: OTLP replies are read to 64 KiB, all else is drained. */
export interface BodyLike {
  cancel(reason?: unknown): Promise<void>;
  getReader?(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
    cancel(reason?: unknown): Promise<void>;
  };
}

/** The part of `fetch` that a sink needs: a service binding or a VPC binding has it too. */
// biome-ignore lint/suspicious/noExplicitAny: each runtime has its own RequestInit; ours is a subset of all of them
export type FetchLike = (url: string, init: any) => Promise<ResponseLike>;

/** How the bytes of a batch are encoded. */
export type BytesFormat =
  | "ndjson"
  | "otlp-traces-protobuf"
  | "otlp-traces-json"
  | "otlp-metrics-protobuf"
  | "otlp-metrics-json"
  | "otlp-logs-protobuf"
  | "otlp-logs-json";

/** What a sink is given: encoded bytes, or `"events"`: objects. */
export type SinkFormat = BytesFormat | "events";

/**
 * What a sink answers. `undefined` is `"ok"`; a `Response` is read by its status and drained.
 * Throwing counts as `"retry"`, and so does not settling before the deadline; anything else is `"fatal"`.
 */
export type SendOutcome =
  | undefined
  // biome-ignore lint/suspicious/noConfusingVoidType: a send without a return statement means "ok"
  | void
  | "ok"
  | { readonly ok: true; readonly rejected?: number }
  | "retry"
  | { readonly retryAfterMs: number }
  | "fatal"
  | "too-large"
  | ResponseLike;

/** What comes with a batch. */
export interface SendInfo {
  /** Aborts at the deadline of this batch (`flushDeadlineMs`). */
  readonly signal: AbortSignal;
  /** What `configure(env)` was given last. On Node, Deno and Bun: `process.env`. */
  readonly env: unknown;
  /** The same on every attempt, so that a receiver can drop a duplicate. */
  readonly batchId: string;
  /** Events in the batch. */
  readonly count: number;
}

interface SinkBase {
  /** Names the sink in counters and notices. */
  readonly name: string;
  /** Events a batch, 1…`queueSize`. Default: the collector's `batchMax`. */
  readonly batchMax?: number;
  /** Encoded bytes a batch; one that is larger is halved. Default: 256 KiB of attributes. */
  readonly maxBytes?: number;
  /**
   * On Workers, a request that has sent to this sink leads no further: for bindings that limit what one
   * invocation may do. Default false.
   */
  readonly oncePerInvocation?: boolean;
  /** Set by a factory that was given something unusable; `createCollector` throws it with the sink's index. */
  readonly problem?: { readonly code: string; readonly option: string; readonly message: string };
}

/** A sink for encoded batches. */
export interface BytesSink extends SinkBase {
  readonly format: BytesFormat;
  /** The bytes are a copy of its own, which it may keep. */
  send(bytes: Uint8Array, info: SendInfo): SendOutcome | PromiseLike<SendOutcome>;
}

/** A sink for objects: what platform bindings take. */
export interface EventsSink extends SinkBase {
  readonly format: "events";
  /** The events are copies of its own, which it may keep; the counters' line is not among them. */
  send(events: readonly NdjsonEvent[], info: SendInfo): SendOutcome | PromiseLike<SendOutcome>;
}

/** Where batches go. A custom sink is one function and two names. */
export type Sink = BytesSink | EventsSink;

/** What every HTTP sink takes. */
export interface HttpOptions {
  /** Where batches are posted. Required, http or https, without credentials in it. */
  readonly url: string;
  /** Names the sink. */
  readonly name?: string;
  /**
   * Sent with every batch; a function is called for each, with the `env` of `configure(env)`. Those without a
   * value are left out. A function that throws counts as `"retry"`.
   */
  readonly headers?:
    | Readonly<Record<string, string | undefined>>
    // biome-ignore lint/suspicious/noExplicitAny: the type of env is the user's
    | ((env: any) => HeadersGiven | PromiseLike<HeadersGiven>)
    | undefined;
  /** Instead of the global `fetch`: a service binding, a VPC binding, a test. */
  readonly fetch?: FetchLike | undefined;
  /** Compress bodies above 1 KiB, where the runtime can. Default true. */
  readonly gzip?: boolean | undefined;
  readonly batchMax?: number;
  readonly maxBytes?: number;
}

/** What a `headers` function gives. */
export type HeadersGiven = Readonly<Record<string, string | undefined>>;

/** Options of `ndjson`. The name is `"ndjson"` by default. */
export type NdjsonOptions = HttpOptions;

/** What OTLP carries. */
export type OtlpSignal = "traces" | "metrics" | "logs";

/** Options of `otlp`. Each sink is named `otlp-<signal>`, or `<name>-<signal>`. */
export interface OtlpOptions extends HttpOptions {
  /** The base: `/v1/<signal>` is appended. */
  readonly url: string;
  /** One sink each. Default `["traces"]`. */
  readonly signals?: readonly OtlpSignal[];
  /** Default `"protobuf"`. */
  readonly encoding?: "protobuf" | "json";
}

/** A sink that keeps what it is sent. */
export interface MemorySink extends EventsSink {
  /** Events, oldest first. Bounded: beyond `limit` the oldest go. */
  readonly events: NdjsonEvent[];
}

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

/** What only a database event has. */
export interface DatabaseDetails {
  /** `"postgresql"`, `"sqlite"`, … */
  readonly system?: string | undefined;
  /** Rows returned or changed. */
  readonly rows?: number | undefined;
  readonly error?: unknown;
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
  readonly tracestate?: string | undefined;
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
  readonly kind: "REQ" | "FN" | "DB";
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

/** Events bound to one request. */
export interface Scope {
  /** Names the request by its route template, as `"/users/:id"`. */
  route(template: string): void;
  /** Sets an attribute of the request's event; at most 64 a request. */
  set(key: string, value: AttributeValue): void;
  /** Runs `work` and records it as FN; returns and throws what it does. */
  time<T>(name: string, work: () => T): T;
  /** Runs `work` and records it as DB; literals in the statement are never stored. */
  query<T>(statement: string, work: () => T, details?: Omit<DatabaseDetails, "error">): T;
  fn(name: string, startMs: number, durationMs?: number, error?: unknown): void;
  db(statement: string, startMs: number, durationMs?: number, details?: DatabaseDetails): void;
  evt(name: string, attributes?: Attributes): void;
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
  /** The same set, bound to a request that an adapter has opened. */
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
