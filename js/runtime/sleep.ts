import type { Host } from "./host.ts";

/** A timer and its promise, both owned by the caller. */
export interface Sleep {
  /** True: the time has passed. False: the host gave no timer. */
  readonly done: Promise<boolean>;
  cancel(): void;
}

/** Timers hold 31 bits. A longer wait ends early and is armed again. */
const LONGEST_TIMER_MS = 2_147_483_647;

export function sleep(host: Host, ms: number, keepAlive: boolean): Sleep {
  let timer: unknown;
  const done = new Promise<boolean>((resolve) => {
    try {
      timer = host.setTimer(() => resolve(true), timerMs(ms), keepAlive);
    } catch {
      resolve(false);
    }
  });
  return { done, cancel: () => host.clearTimer(timer) };
}

/** Rounded up: a timer that fires early would find nothing due. */
export function timerMs(ms: number): number {
  return Math.min(Math.max(Math.ceil(ms), 0), LONGEST_TIMER_MS);
}
