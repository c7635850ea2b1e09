/** What delivery needs of the collector. */
import type { Clock, Host } from "../runtime/host.ts";
import type { FlushResult } from "../types/collector.ts";
import type { Sink } from "../types/sink.ts";
import type { SinkInternals } from "../types/sink-internals.ts";
import type { Outcome } from "./outcome.ts";

/** What became of the events of all sinks together. */
export type Totals = Omit<FlushResult, "timedOut">;

/** A batch that the engine has handed out under a lease. */
export interface Batch {
  readonly sink: Sink & SinkInternals;
  readonly lease: number;
  /** The generation of the engine that handed it out. Another engine's leases may have the same numbers. */
  readonly generation: number;
  readonly batchId: string;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** What had been recorded when a drain began. */
export interface Round {
  readonly queueEnd: number;
  readonly begun: number;
}

/** None of these methods throws. */
export interface PumpHost {
  readonly host: Host;
  readonly clock: Clock;
  /** Options in force. */
  readonly limits: { readonly flushDeadlineMs: number };
  /** What each send is given, as in `SendInfo`. */
  readonly surroundings: { readonly env: unknown; readonly leaving: boolean | undefined };
  /** The drain that begins now. */
  round(): Round;
  /** The next batch that is due, of what had been recorded when the round began. */
  poll(round: Round): Batch | undefined;
  /** The sink no longer reads the bytes of `batch`. */
  reclaim(batch: Batch): void;
  settle(batch: Batch, outcome: Outcome): void;
  /** Emits an `error` notice. */
  reportError(code: string, message: string): void;
  tick(): void;
  startFlush(deadlineMs: number): void;
  isFlushing(): boolean;
  /** Ms until the next deadline; NaN: nothing waits. */
  nextDeadline(): number;
  totals(): Totals;
}
