/** What a sink is and is given: types only, part of `types.ts`. */

import type { NdjsonEvent } from "./wire.ts";

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
  /** In a page watched by `watchPage` only. True: it is going away, a send must start at once and outlive it. */
  readonly leaving?: boolean;
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
  /**
   * Default true: the bytes are a copy of its own, which the sink may keep. False: it reads them only until what `send`
   * has returned is settled. They then lie in memory that is used again for later batches, which is faster.
   */
  readonly keepsBytes?: boolean;
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
