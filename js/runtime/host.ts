/** Wall-clock milliseconds. */
export interface Clock {
  now(): number;
}

/** What a host gives: time, timers, `fetch`. All that the collector takes from its surroundings comes through here. */
export interface Host extends Clock {
  /** Ms of a clock that no one sets, for durations: as fine as the host has it. */
  preciseNow(): number;
  /**
   * Sets a timer of the calling context. `keepAlive`: the process waits for it. Returns what `clearTimer` takes. May
   * throw where the host gives no timer.
   */
  setTimer(fire: () => void, ms: number, keepAlive: boolean): unknown;
  clearTimer(timer: unknown): void;
  /** The host's own, called without `this`. */
  fetch(input: unknown, init: unknown): unknown;
  readonly kind: HostKind;
}

/**
 * `process`: Node, Deno, Bun. In a process and in a browser a timer outlives the request that armed it; on the other
 * hosts it dies with its request, so requests lead the flushes.
 */
export type HostKind = "workers" | "edge" | "process" | "browser";

/** Whether a timer outlives the request that armed it. */
export function hasLongTimers({ kind }: Host): boolean {
  return kind === "process" || kind === "browser";
}
