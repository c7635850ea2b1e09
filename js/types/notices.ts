import type { DropReason } from "./counters.ts";

/** What a collector reports to its listeners, by type. */
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
  /** A sink failed too often in a row: it is probed from now on. */
  "sink-disabled": { readonly type: "sink-disabled"; readonly sink: string };
  /** A probe succeeded: the sink is sent to again. */
  "sink-recovered": { readonly type: "sink-recovered"; readonly sink: string };
  /** The engine failed and was replaced. The events it had queued count as `core_reset`. */
  "core-reset": { readonly type: "core-reset"; readonly reason: string };
  /**
   * The collector records nothing any more (its own code), a send threw (`sink/threw`), or a receiver accepted a
   * batch and sent a message with it (`sink/partial-success`).
   */
  error: { readonly type: "error"; readonly code: string; readonly message: string };
}
