import type { DropReason } from "./counters.ts";

/**
 * Why a sink failed, where there was no response. `network`: the host says no more, as Workers and browsers.
 * `threw`: the sink, or a function of its options, threw.
 */
export type FailureCause = "dns" | "refused" | "reset" | "timeout" | "tls" | "abort" | "network" | "threw";

/** The last failure of a sink. Without `status` and `cause` it works, or answered no more than that it failed. */
interface SinkFailure {
  readonly sink: string;
  /** The status of the response. */
  readonly status?: number;
  readonly cause?: FailureCause;
  /** Without query and credentials. Absent: the sink has none. */
  readonly url?: string;
  /** Only after a failure: ms until the sink is next sent to; null: never. */
  readonly nextTryMs?: number | null;
}

/** What a collector reports to its listeners, by type. */
export interface Notices {
  /** Accepted events were lost. */
  drop: SinkFailure & {
    readonly type: "drop";
    readonly reason: DropReason;
    readonly count: number;
  };
  /** A batch was settled. */
  flush: SinkFailure & {
    readonly type: "flush";
    readonly batchId: string;
    readonly count: number;
    readonly outcome: string;
  };
  /** A sink failed for the first time with this status or cause. `count`: events of the batch. */
  "sink-failed": SinkFailure & { readonly type: "sink-failed"; readonly count: number };
  /** A sink failed too often in a row: it is probed from now on. `count`: events that wait for it. */
  "sink-disabled": SinkFailure & { readonly type: "sink-disabled"; readonly count: number };
  /** A probe succeeded: the sink is sent to again. */
  "sink-recovered": SinkFailure & { readonly type: "sink-recovered" };
  /** The engine failed and was replaced. The events it had queued count as `core_reset`. */
  "core-reset": { readonly type: "core-reset"; readonly reason: string };
  /**
   * The collector records nothing any more (its own code), a send threw (`sink/threw`), or a receiver accepted a
   * batch but rejected events of it, or warned (`sink/partial-success`).
   */
  error: { readonly type: "error"; readonly code: string; readonly message: string };
}
