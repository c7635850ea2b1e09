/** Why an accepted event was not delivered. */
export type DropReason =
  | "overflow"
  | "too_large"
  | "rejected"
  | "encode"
  | "disabled"
  | "closed"
  | "core_reset";

/**
 * Why an event was refused.
 *
 * | reason | meaning |
 * |---|---|
 * | `closed` | it was recorded after `close` |
 * | `unconfigured` | there were no options yet, or the function that makes them failed |
 * | `core` | the engine could not start, had failed, or found the stack full |
 * | `entropy` | the host gave no randomness: it came at global scope of a Worker |
 * | `name` | its kind, name, route or method is no text |
 * | `status` | its status is no number |
 * | `time` | its start is no time, or its duration is negative or not finite |
 * | `request` | it belongs to a request that was refused |
 */
export type RefusalReason =
  | "closed"
  | "unconfigured"
  | "core"
  | "entropy"
  | "name"
  | "status"
  | "time"
  | "request";

/** Events of one sink since the start. At every moment: `accepted = delivered + queued + inFlight + Σ dropped`. */
export interface SinkCounters {
  readonly name: string;
  readonly accepted: number;
  readonly delivered: number;
  /** Waiting to be sent. */
  readonly queued: number;
  /** Sent, but not answered yet. */
  readonly inFlight: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** Batches whose sender died before it settled them. */
  readonly leasesExpired: number;
  /** Answers that came after their lease had expired. */
  readonly lateSettles: number;
  /** No batch is sent until the next probe. */
  readonly disabled: boolean;
}

/** Numbers of metrics since the start. */
export interface MetricCounters {
  /** Taken. */
  readonly observed: number;
  /** Those of them that had no attribute set of their own: `metricSeries` was reached. */
  readonly overflowed: number;
  /** Not taken: before configuration, after close, by a metric of a wrong name or kind, or not a usable number. */
  readonly refused: number;
}

/** Events since the start. At every moment: `emitted = accepted + sampledOut + excluded + refused + pending`. */
export interface Counters {
  readonly emitted: number;
  readonly accepted: number;
  readonly sampledOut: number;
  readonly excluded: number;
  /** Recorded after close or before configuration, or with unusable values. */
  readonly refused: number;
  /** Their sum is `refused`. */
  readonly refusedBy: Readonly<Record<RefusalReason, number>>;
  /** Events within requests that are neither recorded nor sampled out yet. */
  readonly pending: number;
  /** How often the engine failed and was replaced. */
  readonly coreResets: number;
  /** Attributes cut or left out: their event had too many of them, or they have no usable value. */
  readonly truncated: number;
  /** Part of `accepted`: events of a kind that no sink carries. 0 without sinks. */
  readonly uncarried: number;
  /** Numbers recorded with `counter`, `gauge` and `histogram`. They are no events. */
  readonly metrics: MetricCounters;
  readonly sinks: readonly SinkCounters[];
}
