/** Options of `createCollector`. Numbers out of range throw TidegateError `config/…` at construction. */
import type { AttributeValue } from "./attributes.ts";
import type { Sink } from "./sink.ts";

/** Which requests are recorded. */
export interface SamplingOptions {
  /**
   * Share of requests that are recorded, 0…1.
   *
   * @default 1
   */
  readonly rate?: number;
  /**
   * Requests that are never recorded, not even in stats: a prefix (`"/health"`) or `"re:<regex>"`, in the
   * [syntax of regex-lite](https://docs.rs/regex-lite/latest/regex_lite/#syntax). A prefix with `*`, a RegExp and a regex
   * that does not compile throw; the message says what to write.
   *
   * @default []
   */
  readonly exclude?: readonly string[];
  /**
   * `[pattern, rate]`. The first pattern that matches wins over `rate`.
   *
   * @default []
   */
  readonly overrides?: readonly (readonly [string, number])[];
  /**
   * Record every request that fails.
   *
   * @default true
   */
  readonly alwaysSampleErrors?: boolean;
  /**
   * Lowest status that is an error, 100…1000.
   *
   * @default 500
   */
  readonly errorThreshold?: number;
  /**
   * Makes the draws repeatable: an integer 0…2⁵³−1 or an unsigned 64-bit bigint. Anything else throws `config/seed`.
   *
   * @default randomness of the host
   */
  readonly seed?: number | bigint;
  /**
   * A source of draws in [0, 1). It is called once for each decision that needs a draw.
   *
   * @default the engine's own, see `seed`
   */
  readonly rng?: () => number;
  /**
   * Also record requests slower than this many ms, or slower than the route's p99.
   *
   * @default off
   */
  readonly keepSlowMs?: number | "p99";
  /**
   * Let a sampled `traceparent` force recording. Off by default: callers must not set your sampling rate.
   *
   * @default false
   */
  readonly respectParent?: boolean;
}

/** The part of `AsyncLocalStorage` that links events to their request. */
export interface ContextStorage {
  run<T>(store: unknown, work: () => T): T;
  getStore(): unknown;
}

/** The measured program. */
export interface ServiceOptions {
  /**
   * Also a field of every event.
   *
   * @default OTEL_SERVICE_NAME, where there is an environment
   */
  readonly name?: string;
  /** Also a field of every event. */
  readonly version?: string;
  readonly namespace?: string;
  /** @default the random id of the isolate */
  readonly instanceId?: string;
  /** Like `"production"`. */
  readonly environment?: string;
}

/** Options of `createCollector`. */
export interface CollectorOptions {
  /**
   * What is recorded of an error: its type, also its message (at most 1 KiB), also its stack (at most 4 KiB). Of causes
   * the same, four deep. Values in the messages of databases are hidden; URLs in messages are without credentials, query
   * and fragment.
   *
   * @default "message"
   */
  readonly errors?: "type" | "message" | "stack";
  /**
   * Sees each attribute, and each message (`exception.message`) and stack (`exception.stacktrace`) of an error, once and
   * within its limits, before it is queued. What it returns is recorded instead; undefined: nothing. If it throws, or
   * returns anything else, the value is left out and counted in `truncated`. Of metrics it sees the attributes of each
   * set once.
   *
   * @default none
   */
  readonly redact?: (key: string, value: AttributeValue) => AttributeValue | undefined;
  /** What is measured. In OTLP it becomes `service.name`, …, `deployment.environment.name`. */
  readonly service?: ServiceOptions;
  /**
   * Further OpenTelemetry resource attributes: of every OTLP batch, and labels of `target_info` in Prometheus.
   *
   * @default OTEL_RESOURCE_ATTRIBUTES, where there is an environment; attributes that are given replace those of the same key
   */
  readonly resource?: Readonly<Record<string, string | number | boolean>>;
  /**
   * Where events go. Nested arrays are flattened.
   *
   * @default []; counters and stats work without a sink
   */
  readonly sinks?: readonly (Sink | readonly Sink[])[];
  readonly sampling?: SamplingOptions;
  /**
   * Events queued for all sinks together. When it is full the oldest event is dropped and counted.
   *
   * @default 2048
   */
  readonly queueSize?: number;
  /**
   * Bytes of attributes queued. When it is full the oldest events are dropped and counted.
   *
   * @default 1 MiB
   */
  readonly queueBytes?: number;
  /**
   * A batch is due when its oldest event is this old.
   *
   * @default 500
   */
  readonly flushIntervalMs?: number;
  /**
   * A batch is due when it has this many events.
   *
   * @default 256
   */
  readonly batchMax?: number;
  /**
   * Failures in a row after which a sink is disabled; `Infinity`: never.
   *
   * @default 5
   */
  readonly maxConsecutiveSinkFailures?: number;
  /**
   * The longest that `close` takes.
   *
   * @default 2000
   */
  readonly closeTimeoutMs?: number;
  /**
   * End-to-end budget of one batch, and the longest that `flush` takes.
   *
   * @default 2000
   */
  readonly flushDeadlineMs?: number;
  /**
   * When a batch is sent again because its sender died. More than `flushDeadlineMs`.
   *
   * @default flushDeadlineMs + 1000
   */
  readonly leaseMs?: number;
  /**
   * First backoff, with full jitter.
   *
   * @default 250
   */
  readonly retryBaseMs?: number;
  /**
   * Longest backoff.
   *
   * @default 30000
   */
  readonly retryMaxMs?: number;
  /**
   * When a disabled sink is probed; `Infinity`: never.
   *
   * @default 30000
   */
  readonly sinkProbeMs?: number;
  /**
   * Rows of statistics.
   *
   * @default 128
   */
  readonly statsSeries?: number;
  /**
   * Attribute sets of all of your metrics together, 1…4096: the first that come. Further ones count in the set
   * `otel.metric.overflow` of their metric.
   *
   * @default 512
   */
  readonly metricSeries?: number;
  /**
   * Attributes of requests that also split `http.server.request.duration`, at most 3. They must have few values.
   *
   * @default []
   */
  readonly labels?: readonly string[];
  /**
   * The HTTP methods that are known, in their case. Any other is `_OTHER` in OTLP and Prometheus, and spans have it as
   * `http.request.method_original`.
   *
   * @default OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS, where there is an environment; else those of RFC 9110, and PATCH
   */
  readonly methods?: readonly string[];
  /**
   * The attribute `url.path` of requests: with `"raw"` the path as it was sent, without query and fragment, in every
   * sink; else in OTLP alone, with `:id` for what looks like an id. It never names anything.
   *
   * @default "template"
   */
  readonly paths?: "template" | "raw";
  /**
   * Arm timers and lead flushes. With false only your own `tick`, `flush` and `close` send.
   *
   * @default true
   */
  readonly autoTick?: boolean;
  /**
   * What is written to the console: once what is not well (a sink fails, is disabled, recovers; events that no sink
   * carries); with false nothing, with `"debug"` also a line for each start, batch and drop.
   *
   * @default true
   */
  readonly log?: boolean | "debug";
  /**
   * On Workers: sends of one invocation at `flushIntervalMs`, those of every sink counted. From then on the pause between
   * them doubles, up to 5 minutes.
   *
   * @default 8
   */
  readonly leadSends?: number;
  /**
   * On Workers: the most sends of one invocation. What waits after that leaves with the next one.
   *
   * @default 24
   */
  readonly invocationSends?: number;
  /**
   * Wall-clock milliseconds. 0 and NaN mean that there is no clock now: the last known time is used.
   *
   * @default Date.now
   */
  readonly clock?: () => number;
  /**
   * An `AsyncLocalStorage` of yours.
   *
   * @default that of the runtime, where it has one
   */
  readonly context?: ContextStorage;
  /**
   * Close on SIGTERM and SIGINT (Node, Deno, Bun).
   *
   * @default true
   */
  readonly handleSignals?: boolean;
}
