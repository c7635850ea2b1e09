/** The shapes that leave the process. `ndjson.schema.json` in the package says the same to validators. */
import type { AttributeValue } from "./attributes.ts";
import type { Counters } from "./counters.ts";
import type { Severity } from "./event.ts";

/** What every event on the wire has. An unknown value is absent, never null. */
export interface NdjsonBase {
  /** Start, wall-clock ms. */
  readonly ts: number;
  /** As `service.name` of the options says. */
  readonly service?: string;
  /** As `service.version` of the options says. */
  readonly version?: string;
  /** Duration in ms. */
  readonly dur_ms?: number;
  /** The type of the error. */
  readonly error?: string;
  /** Its message, at most 1 KiB. */
  readonly error_message?: string;
  /** Types and messages of what caused it, one a line, at most 1 KiB. */
  readonly error_cause?: string;
  /** The frames of its stack, at most 4 KiB. */
  readonly error_stack?: string;
  /** 32 lowercase hex digits. */
  readonly trace_id: string;
  /** 16 lowercase hex digits, unique to the event. */
  readonly span_id: string;
  /** The span id of the parent. */
  readonly parent_id?: string;
  /** The probability that an event like this one is recorded. The sum of 1/p is the count before sampling. */
  readonly p: number;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

/** A request. */
export interface NdjsonRequest extends NdjsonBase {
  readonly kind: "REQ";
  readonly route: string;
  readonly method?: string;
  readonly status?: number;
}

/** A function. */
export interface NdjsonFunction extends NdjsonBase {
  readonly kind: "FN";
  readonly fn: string;
}

/** A database query. */
export interface NdjsonQuery extends NdjsonBase {
  readonly kind: "DB";
  /** The statement, its literals replaced by `?`. */
  readonly query?: string;
  /** Operation and table. */
  readonly summary: string;
  readonly db_system?: string;
  /** Rows returned or changed. */
  readonly rows?: number;
  /** Rows that the database read, where it says so: D1 bills by them. */
  readonly rows_read?: number;
  /** Rows that the database wrote. */
  readonly rows_written?: number;
  /** How long the database itself took, in ms. */
  readonly db_ms?: number;
}

/**
 * An event of the program's own. That of an exception is called `exception`; its texts are the attributes
 * `exception.type`, `exception.message`, `exception.cause` and `exception.stacktrace`.
 */
export interface NdjsonCustom extends NdjsonBase {
  readonly kind: "EVT";
  readonly name: string;
  readonly severity: Severity;
}

/** One event: a line of NDJSON, or an object for a sink of format `"events"`. */
export type NdjsonEvent = NdjsonRequest | NdjsonFunction | NdjsonQuery | NdjsonCustom;

/** The last line of a batch. Its counters are those of the moment the batch was cut: a repeat has the same. */
export interface NdjsonMeta {
  readonly kind: "META";
  readonly service?: string;
  readonly version?: string;
  /** 16 hex digits, random for each isolate. */
  readonly isolate: string;
  /** The batch's number within its sink. */
  readonly seq: number;
  readonly counters: Omit<Counters, "refusedBy">;
}

/** Any line of an NDJSON batch. */
export type NdjsonLine = NdjsonEvent | NdjsonMeta;

/** The body of one message of `queueSink`. */
export interface QueueMessage {
  /** The same on every attempt. Together with `part` it lets a consumer drop duplicates. */
  readonly batchId: string;
  /** 0, 1, …: which message of the batch. */
  readonly part: number;
  readonly events: readonly NdjsonEvent[];
}

/** One aggregated point of `analyticsEngine`; docs/SINKS.md names its columns. */
export interface AnalyticsPoint {
  readonly indexes: readonly [string];
  readonly blobs: readonly string[];
  readonly doubles: readonly number[];
}
