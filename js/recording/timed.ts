import type { RequestRecord } from "../runtime/bridge.ts";
import { thenOf } from "../runtime/thenable.ts";
import { type Observer, observeThen, settlingAlike } from "./thenables.ts";

/** Called at the end of measured work. `durationMs` undefined: the work went on, and nothing shows its end. */
export type Done = (
  startMs: number,
  durationMs: number | undefined,
  error: unknown,
  result?: unknown,
) => void;

/**
 * Runs `work` and returns or throws what it does. Calls `done` at its end; an error without a value is `"throw"`.
 *
 * A promise comes back as one that settles alike. Any other thenable comes back as itself, and is measured from the
 * first call of its `then`: it may be lazy, or be more than a promise.
 */
export function timed<T>(work: () => T, now: () => number, done: Done): T {
  const start = now();
  const observer = (from: number): Observer => ({
    fulfilled: (value) => done(from, now() - from, undefined, value),
    rejected: (error) => done(from, now() - from, error ?? "throw"),
  });
  let result: T;
  try {
    result = work();
  } catch (error) {
    observer(start).rejected(error);
    throw error;
  }
  const then = thenOf(result);
  if (then === undefined) observer(start).fulfilled(result);
  else {
    const alike = settlingAlike(result, observer(start));
    if (alike !== undefined) return alike as T;
    if (!observeThen(result as object, then, () => observer(now()))) done(start, undefined, undefined);
  }
  return result;
}

/** A measured duration, or undefined if it is unknown: the clock stepped back, or stands still on this host. */
export function measured(
  durationMs: number | undefined,
  request: RequestRecord | undefined,
): number | undefined {
  if (durationMs === undefined || durationMs < 0) return undefined;
  return durationMs === 0 && request?.hasFrozenClock === true ? undefined : durationMs;
}
