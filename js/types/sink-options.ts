/** Options of the sinks that post over HTTP, and what `memorySink` returns. */
import type { FetchLike } from "./http.ts";
import type { EventsSink } from "./sink.ts";
import type { NdjsonEvent } from "./wire.ts";

/** What a `headers` function returns. */
export type HeadersGiven = Readonly<Record<string, string | undefined>>;

/** What every HTTP sink takes. */
export interface HttpOptions {
  /** Where batches are posted: http or https, without credentials. Required. */
  readonly url: string;
  /** Names the sink in counters and notices. */
  readonly name?: string;
  /**
   * Headers of every batch. A function is called for each batch, with the `env` of `configure(env)`. Headers without
   * a value are left out. A function that throws counts as `"retry"`.
   *
   * @default none
   */
  readonly headers?:
    | Readonly<Record<string, string | undefined>>
    // biome-ignore lint/suspicious/noExplicitAny: the type of env is the user's
    | ((env: any) => HeadersGiven | PromiseLike<HeadersGiven>)
    | undefined;
  /**
   * Used instead of the global `fetch`: that of a service binding, of a VPC binding, of a test.
   *
   * @default the global `fetch`
   */
  readonly fetch?: FetchLike | undefined;
  /**
   * Compress bodies of 1 KiB and more, where the runtime can.
   *
   * @default true
   */
  readonly gzip?: boolean | undefined;
  /**
   * Events per batch, 1…`queueSize`.
   *
   * @default the collector's `batchMax`
   */
  readonly batchMax?: number;
  /**
   * Encoded bytes per batch. A larger batch is halved.
   *
   * @default no limit
   */
  readonly maxBytes?: number;
  /**
   * How long an event waits at most until a batch is due, 0…3 600 000 ms. `flush` and `close` send at once.
   *
   * @default 10 000 for metrics, else the collector's `flushIntervalMs`
   */
  readonly intervalMs?: number;
}

/** Options of `ndjson`. The default name is `"ndjson"`. */
export type NdjsonOptions = HttpOptions;

/** What OTLP carries. */
export type OtlpSignal = "traces" | "metrics" | "logs";

/** Options of `otlp`. Each sink is named `otlp-<signal>`, or `<name>-<signal>`. */
export interface OtlpOptions extends Omit<HttpOptions, "url"> {
  /**
   * The base: `/v1/<signal>` is appended.
   *
   * @default OTEL_EXPORTER_OTLP_ENDPOINT of `env`; then the headers of OTEL_EXPORTER_OTLP_HEADERS are sent too
   */
  readonly url?: string | undefined;
  /**
   * One sink per signal.
   *
   * @default ["traces"]
   */
  readonly signals?: readonly OtlpSignal[];
  /** @default "protobuf" */
  readonly encoding?: "protobuf" | "json";
  /**
   * Of metrics: what a batch holds. `"delta"`: what was measured since the last one. `"cumulative"`: since the start, which
   * Prometheus and Mimir take; it is for processes that live long, few at a time.
   *
   * @default "delta"
   */
  readonly temporality?: "delta" | "cumulative";
}

/** A sink that keeps the events it is sent. */
export interface MemorySink extends EventsSink {
  /** Oldest first. At the limit the oldest events are dropped. */
  readonly events: NdjsonEvent[];
}
