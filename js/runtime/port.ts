/** What a host gives. Everything the shim takes from its surroundings goes through one of these. */
export interface Port {
  /** Wall-clock milliseconds. */
  now(): number;
  /** A timer of the calling context. `keepAlive`: the process waits for it. Returns what clearTimer takes. */
  setTimer(fire: () => void, ms: number, keepAlive: boolean): unknown;
  clearTimer(timer: unknown): void;
  /** The host's own, called without `this`. */
  fetch(input: unknown, init: unknown): unknown;
  /** Who arms timers: `process` and `browser` do; the others live by requests. */
  readonly kind: HostKind;
}

export type HostKind = "workers" | "edge" | "process" | "browser";

/** The part of an execution context that is used, as a method: detached it throws. */
export interface WaitUntil {
  waitUntil(work: Promise<unknown>): void;
}

/** A timer and its promise, both owned by the caller. */
export interface Sleep {
  readonly done: Promise<void>;
  cancel(): void;
}

/** Timers hold 31 bits; a longer wait ends early and is simply armed again. */
const LONGEST_TIMER_MS = 2_147_483_647;

export function sleep(port: Port, ms: number, keepAlive: boolean): Sleep {
  let timer: unknown;
  const done = new Promise<void>((resolve) => {
    timer = port.setTimer(resolve, timerMs(ms), keepAlive);
  });
  return { done, cancel: () => port.clearTimer(timer) };
}

/** Rounded up: a timer that fires early would find nothing due. */
export function timerMs(ms: number): number {
  return Math.min(Math.max(Math.ceil(ms), 0), LONGEST_TIMER_MS);
}
