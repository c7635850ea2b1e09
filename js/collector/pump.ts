import { BatchBytes } from "../delivery/batch-bytes.ts";
import { OK, type Outcome } from "../delivery/outcome.ts";
import type { Batch, PumpHost, Round, Totals } from "../delivery/pump-host.ts";
import { drain } from "../delivery/run-loop.ts";
import type { Host } from "../runtime/host.ts";
import { type Budget, type LeaderHost, newTerm, type Term } from "../runtime/leader.ts";
import type { Notices } from "../types/notices.ts";
import { instance } from "../wasm/instance.ts";
import type { CollectorClock } from "./clock.ts";
import type { Limits } from "./engine.ts";
import { SinkReport } from "./reports/sink-report.ts";
import type { State } from "./state.ts";

/** Nothing has been recorded. */
const EMPTY: Round = { queueEnd: 0, begun: 0 };

/** The most notices per call: a listener that records events could make notices without end. */
const NOTICES_PER_CALL = 256;

/** A batch to send, as the engine describes it. */
interface Transmit {
  readonly sink: number;
  readonly lease: number;
  readonly count: number;
  readonly batchId: string;
  /** Where its bytes lie until the next poll. */
  readonly address: number;
  readonly length: number;
}

/** The collector's side of delivery: what the run loop and the leader need of it. */
export class Pump implements PumpHost, LeaderHost {
  readonly host: Host;
  readonly clock: CollectorClock;
  readonly surroundings: State;
  readonly term: Term = newTerm();
  readonly #state: State;
  readonly #bytes = new BatchBytes();
  readonly #report: SinkReport;
  #isNotifying = false;
  /** A close has ended: the engine is freed as soon as nothing is leased. */
  #isOver = false;

  constructor(state: State) {
    this.#state = state;
    this.host = state.host;
    this.clock = state.clock;
    this.surroundings = state;
    this.#report = new SinkReport(state.log, state);
  }

  get limits(): Limits {
    return this.#state.engine.limits;
  }

  get sinkCount(): number {
    return this.#state.settings?.sinks.length ?? 0;
  }

  nextDeadline(): number {
    return this.#state.nextDeadline();
  }

  /** `nowMs` is given by a caller that ticks by hand. */
  tick(nowMs?: number): void {
    const { settings } = this.#state;
    if (nowMs !== undefined && settings?.autoTick === false && settings.clock === undefined)
      this.clock.isManual = true;
    this.#state.engine.callAt(undefined, (engine, clockMs) => engine.tick(nowMs ?? clockMs));
    this.#notify();
    this.#release();
  }

  async sendDue(budget?: Budget, onSend?: () => void): Promise<void> {
    this.tick();
    const sent = drain(this, budget, onSend);
    this.#state.rearm();
    await sent;
  }

  round(): Round {
    return this.#state.engine.call(EMPTY, (engine) => {
      return { queueEnd: engine.round(0), begun: engine.round(1) };
    });
  }

  poll({ queueEnd, begun }: Round): Batch | undefined {
    const { engine: calls, settings } = this.#state;
    return calls.callAt<Batch | undefined>(undefined, (engine, nowMs) => {
      const transmit = engine.poll(nowMs, queueEnd, begun) as Transmit | undefined;
      const sink = transmit && settings?.sinks[transmit.sink];
      if (transmit === undefined || sink === undefined) return undefined;
      const encoded = new Uint8Array(instance().memory.buffer, transmit.address, transmit.length);
      return { ...transmit, sink, bytes: this.#bytes.copy(encoded, sink), generation: calls.generation };
    });
  }

  reclaim({ bytes, sink }: Batch): void {
    this.#bytes.reclaim(bytes, sink);
  }

  settle(batch: Batch, outcome: Outcome): void {
    const { generation, lease, sink } = batch;
    // Another value would be one that was added to every object.
    const { code, value = Number.NaN } = { value: undefined, ...outcome };
    const { engine: calls, board } = this.#state;
    calls.callAt(undefined, (engine, nowMs) => {
      // Compared here: the call may first have replaced a failed engine.
      if (generation === calls.generation) engine.settle(lease, code, value, nowMs);
    });
    const failed = this.#report.settled(batch, outcome, () => this.#nextTryMs(sink));
    if (failed !== undefined) board.emit(failed);
    this.#notify(code !== OK);
    this.#release();
    this.#state.rearm();
  }

  reportError(code: string, message: string): void {
    this.#state.board.emit({ type: "error", code, message });
  }

  /** For a context that cannot wait for the interval of a sink. */
  flushOverdue(): void {
    this.#state.engine.callAt(undefined, (engine, nowMs) => engine.flushOverdue(nowMs));
  }

  startFlush(deadlineMs: number): void {
    this.#state.engine.callAt(undefined, (engine, nowMs) => engine.flush(deadlineMs, nowMs));
  }

  isFlushing(): boolean {
    return this.#state.engine.callAt(false, (engine, nowMs) => engine.isFlushing(nowMs));
  }

  totals(): Totals {
    return this.#state.engine.figure("totals", { delivered: 0, remaining: 0, dropped: 0 });
  }

  /** Refuses new events from now on. */
  startClose(): void {
    this.#state.engine.close();
  }

  /** What is still queued is dropped as closed. */
  finishClose(): void {
    this.#isOver = true;
    this.#state.engine.call(undefined, (engine) => engine.finish());
    this.#state.unwatchExit();
    this.#notify();
    this.#release();
    this.#state.rearm();
  }

  /** After a close: takes back what was leased, if nobody is left who could settle it. */
  expireLeases(): void {
    if (this.#isOver) this.tick();
  }

  /** Frees the engine after a close, unless something is leased. */
  #release(): void {
    // Listeners still have to hear what the engine has noted.
    if (this.#isOver && !this.#isNotifying && this.#state.engine.release()) this.#state.stopTimer();
  }

  /** Ms until a sink that failed is sent to again; null: never. */
  #nextTryMs(sink: Batch["sink"]): number | null {
    const { engine: calls, settings } = this.#state;
    const at = settings?.sinks.indexOf(sink) ?? -1;
    const ms = calls.call(Number.NaN, (engine) => engine.retryIn(at));
    return Number.isNaN(ms) ? null : Math.ceil(ms);
  }

  /**
   * Passes the engine's notices to their listeners and to the log. No call into the engine is on the stack then.
   * `hasFailed`: a sink may have been disabled.
   */
  #notify(hasFailed = false): void {
    if (this.#isNotifying) return;
    const state = this.#state;
    if (state.board.size === 0 && !hasFailed && !this.#report.hasDisabled && !state.log.isDebug) {
      state.engine.call(undefined, (engine) => engine.dropNotices());
      return;
    }
    this.#isNotifying = true;
    for (let left = NOTICES_PER_CALL; left > 0; left -= 1) {
      const notice = state.engine.call(undefined, (engine) => engine.notice() as Notices["drop"] | undefined);
      if (notice === undefined) break;
      // The engine knows a sink by its index.
      const sink = state.settings?.sinks[notice.sink as unknown as number];
      if (sink === undefined) continue;
      const whole = { ...notice, ...this.#report.about(sink, () => this.#nextTryMs(sink)), sink: sink.name };
      this.#report.write(sink, whole);
      state.board.emit(whole);
    }
    this.#isNotifying = false;
  }
}
