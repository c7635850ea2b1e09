/** One timer at the next deadline, for hosts where a timer outlives the request that armed it. */
import { type Port, timerMs } from "./port.ts";

/** An armed timer is a lease too: this much overdue, it is taken for dead. */
const OVERDUE_MS = 1_000;

export class Ticker {
  readonly #port: Port;
  readonly #fire: () => void;
  /** Engine time at which the armed timer fires; NaN = none. Plain data: the timer itself is not kept. */
  #dueMs = Number.NaN;
  #sequence = 0;

  constructor(port: Port, fire: () => void) {
    this.#port = port;
    this.#fire = fire;
  }

  /** After an event that may wait `withinMs`: whether a timer has to be armed, as none lives or it is too late. */
  lacks(nowMs: number, withinMs: number): boolean {
    const left = this.#dueMs - nowMs;
    return !(left >= -OVERDUE_MS && left <= withinMs);
  }

  /** Arms for `waitMs` from now unless an earlier timer lives; NaN = nothing waits. */
  arm(nowMs: number, waitMs: number): void {
    if (Number.isNaN(waitMs)) return;
    const dueMs = nowMs + Math.max(waitMs, 0);
    if (this.#dueMs <= dueMs && this.#dueMs >= nowMs - OVERDUE_MS) return;
    this.#dueMs = dueMs;
    this.#sequence += 1;
    const mine = this.#sequence;
    this.#port.setTimer(
      () => {
        // A timer that an earlier one has replaced still fires, and does nothing.
        if (mine !== this.#sequence) return;
        this.#dueMs = Number.NaN;
        this.#fire();
      },
      timerMs(waitMs),
      false,
    );
  }
}
