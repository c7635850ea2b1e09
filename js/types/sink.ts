/** What a sink is, and what it is given. */
import type { HostSignal } from "./host.ts";
import type { ResponseLike } from "./http.ts";
import type { NdjsonEvent } from "./wire.ts";

/** How the bytes of a batch are encoded. `"stats"` is a push to a hub: statistics, metrics, counters and exceptions. */
export type BytesFormat =
  | "ndjson"
  | "otlp-traces-protobuf"
  | "otlp-traces-json"
  | "otlp-metrics-protobuf"
  | "otlp-metrics-json"
  | "otlp-logs-protobuf"
  | "otlp-logs-json"
  | "stats";

/** What a sink is given: encoded bytes, or with `"events"` objects. */
export type SinkFormat = BytesFormat | "events";

/**
 * What a sink answers.
 *
 * | answer | meaning |
 * |---|---|
 * | `undefined`, `"ok"` | delivered |
 * | `{ ok: true, rejected }` | delivered, but for `rejected` events |
 * | `"retry"`, or the sink throws, or it is not settled before the deadline | the batch is sent again after a backoff |
 * | `{ retryAfterMs }` | the batch is sent again, not before that time |
 * | `"too-large"` | the batch is halved |
 * | `"fatal"`, or any other value | the batch is dropped as rejected |
 * | a `Response` | its status decides; its body is drained |
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
  readonly signal: HostSignal;
  /** The argument of the last `configure(env)`. On Node, Deno and Bun: `process.env`. */
  readonly env: unknown;
  /** The same on every attempt, so that a receiver can drop a duplicate. */
  readonly batchId: string;
  /** Events, or observations, in the batch. */
  readonly count: number;
  /** Only in a page that `watchPage` watches. True: the page is going away, so a send must start at once and outlive it. */
  readonly leaving?: boolean;
}

interface SinkBase {
  /** Names the sink in counters and notices. */
  readonly name: string;
  /**
   * Events per batch, 1…`queueSize`.
   *
   * @default the collector's `batchMax`
   */
  readonly batchMax?: number;
  /**
   * Encoded bytes per batch. A larger batch is halved.
   *
   * @default no limit; the attributes of a batch are never more than 256 KiB
   */
  readonly maxBytes?: number;
  /**
   * How long an event waits at most until a batch is due, 0…3 600 000 ms. `flush` and `close` send at once.
   *
   * @default 5000 for `"stats"`, 10 000 for metrics, else the collector's `flushIntervalMs`
   */
  readonly intervalMs?: number;
  /**
   * Of metrics: what a batch holds. `"delta"`: what was measured since the last one. `"cumulative"`: since the start, for
   * processes that live long; a batch that is dropped then loses nothing.
   *
   * @default "delta"
   */
  readonly temporality?: "delta" | "cumulative";
}

/** A sink for encoded batches. */
export interface BytesSink extends SinkBase {
  readonly format: BytesFormat;
  /**
   * True: each batch is a copy of its own, which the sink may keep. False: the sink reads the bytes only until the
   * promise of `send` settles. The memory is then used again for later batches, which is faster.
   *
   * @default true
   */
  readonly keepsBytes?: boolean;
  send(bytes: Uint8Array, info: SendInfo): SendOutcome | PromiseLike<SendOutcome>;
}

/** A sink for objects, as platform bindings take them. */
export interface EventsSink extends SinkBase {
  readonly format: "events";
  /** The events are copies, which the sink may keep. The line of counters is not among them. */
  send(events: readonly NdjsonEvent[], info: SendInfo): SendOutcome | PromiseLike<SendOutcome>;
}

/** Where batches go. A custom sink is one function, a name and a format. */
export type Sink = BytesSink | EventsSink;
