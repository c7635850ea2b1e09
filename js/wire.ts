/** The shapes that leave the process, and no code. `ndjson.schema.json` in the package says the same to validators. */

/** What an attribute may hold. Anything else is left out. */
export type AttributeValue = string | number | boolean;

/** Attributes of one event: at most 4 KiB in all, the excess is cut off and counted. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** What every event on the wire has. What is unknown is absent, never null. */
export interface NdjsonBase {
  /** Start, wall-clock ms. */
  readonly ts: number;
  readonly dur_ms?: number;
  /** The type of the error. */
  readonly error?: string;
  /** 32 lowercase hex digits. */
  readonly trace_id: string;
  /** 16 lowercase hex digits, unique to the event. */
  readonly span_id: string;
  readonly parent_id?: string;
  /** The probability that an event like this one is recorded: Σ 1/p scales a sample up. */
  readonly p: number;
  readonly attributes?: Attributes;
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

/** A database query, its literals replaced by `?`. */
export interface NdjsonQuery extends NdjsonBase {
  readonly kind: "DB";
  readonly query?: string;
  /** Operation and table. */
  readonly summary: string;
  readonly db_system?: string;
  readonly rows?: number;
}

/** An event of the program's own. */
export interface NdjsonCustom extends NdjsonBase {
  readonly kind: "EVT";
  readonly name: string;
}

/** One event: a line of NDJSON, or an object for a sink of format `"events"`. */
export type NdjsonEvent = NdjsonRequest | NdjsonFunction | NdjsonQuery | NdjsonCustom;

/** The last line of a batch. Cumulative and frozen when the batch is cut: a repeat brings the same. */
export interface NdjsonMeta {
  readonly kind: "META";
  readonly service?: string;
  readonly version?: string;
  /** 16 hex digits, random for each isolate. */
  readonly isolate: string;
  /** The batch's number within its sink. */
  readonly seq: number;
  readonly counters: Counters;
}

/** Any line of an NDJSON batch. */
export type NdjsonLine = NdjsonEvent | NdjsonMeta;

/** The body of one message of `queueSink`. */
export interface QueueMessage {
  /** The same on every attempt, with `part`, so that a consumer can drop a repeat. */
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

/** Why an accepted event was not delivered. */
export type DropReason =
  | "overflow"
  | "too_large"
  | "rejected"
  | "encode"
  | "disabled"
  | "closed"
  | "core_reset";

/** Always: `accepted = delivered + queued + inFlight + Σ dropped`. */
export interface SinkCounters {
  readonly name: string;
  readonly accepted: number;
  readonly delivered: number;
  readonly queued: number;
  readonly inFlight: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** Batches whose sender died. */
  readonly leasesExpired: number;
  /** Answers that came after the lease had run out. */
  readonly lateSettles: number;
  readonly disabled: boolean;
}

/** Always: `emitted = accepted + sampledOut + excluded + refused + pending`. */
export interface Counters {
  readonly emitted: number;
  readonly accepted: number;
  readonly sampledOut: number;
  readonly excluded: number;
  /** After close, before configuration, or unusable values. */
  readonly refused: number;
  /** Children of requests whose fate is open. */
  readonly pending: number;
  readonly coreResets: number;
  /** Attributes cut or left out because an event had more than 4 KiB of them. */
  readonly truncated: number;
  readonly sinks: readonly SinkCounters[];
}
