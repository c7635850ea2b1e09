/** One timer at the next deadline, for hosts where a timer outlives the request that armed it. */
import type { Host } from "./host.ts";
import { timerMs } from "./sleep.ts";

/** A timer that is overdue by this much has died. */
const OVERDUE_MS = 1_000;

export class Ticker {
  readonly #host: Host;
  readonly #fire: () => void;
  /** When the armed timer fires; NaN: none is armed. */
  #dueMs = Number.NaN;
  /** Kept, since these hosts clear a timer from anywhere: each step of the clock would leave one behind. */
  #timer: unknown;

  constructor(host: Host, fire: () => void) {
    this.#host = host;
    this.#fire = fire;
  }

  /** Whether no living timer fires within `withinMs` from now. */
  lacks(nowMs: number, withinMs: number): boolean {
    const left = this.#dueMs - nowMs;
    return !(left >= -OVERDUE_MS && left <= withinMs);
  }

  /** Arms a timer for `waitMs` from now, unless one that fires earlier lives. NaN: nothing waits. Never throws. */
  arm(nowMs: number, waitMs: number): void {
    if (Number.isNaN(waitMs)) return;
    const dueMs = nowMs + Math.max(waitMs, 0);
    if (this.#dueMs <= dueMs && this.#dueMs >= nowMs - OVERDUE_MS) return;
    this.stop();
    try {
      this.#timer = this.#host.setTimer(() => this.#onTimer(), timerMs(waitMs), false);
      this.#dueMs = dueMs;
    } catch {
      // The host gives no timer now. The next event tries again.
    }
  }

  /** Clears the armed timer. Never throws. */
  stop(): void {
    this.#dueMs = Number.NaN;
    if (this.#timer === undefined) return;
    try {
      this.#host.clearTimer(this.#timer);
    } catch {
      // It does nothing if it fires.
    }
    this.#timer = undefined;
  }

  #onTimer(): void {
    this.#dueMs = Number.NaN;
    this.#timer = undefined;
    this.#fire();
  }
}
