/** One timer at the next deadline, for hosts where a timer outlives the request that armed it. */
import type { Host } from "./host.ts";
import { timerMs } from "./sleep.ts";

/** A timer that is overdue by this much has died. */
const OVERDUE_MS = 1_000;

export class Ticker {
  readonly #host: Host;
  readonly #fire: () => void;
  /** When the armed timer fires; NaN: none is armed. Plain data: the timer itself is not kept. */
  #dueMs = Number.NaN;
  #sequence = 0;

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
    this.#sequence += 1;
    const mine = this.#sequence;
    const fire = () => {
      // A timer that an earlier one has replaced still fires, and does nothing.
      if (mine !== this.#sequence) return;
      this.#dueMs = Number.NaN;
      this.#fire();
    };
    try {
      this.#host.setTimer(fire, timerMs(waitMs), false);
      this.#dueMs = dueMs;
    } catch {
      // The host gives no timer now. The next event tries again.
      this.#dueMs = Number.NaN;
    }
  }
}
