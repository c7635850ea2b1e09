import type { RequestRecord } from "../runtime/bridge.ts";
import { asThrown } from "../runtime/error-type.ts";
import { thenOf } from "../runtime/thenable.ts";
import type { EngineClock } from "./recording-host.ts";
import { type Observer, observeThen, settlingAlike } from "./thenables.ts";

/** Called at the end of measured work. `durationMs` undefined: the work went on, and nothing shows its end. */
export type Done = (
  startMs: number,
  durationMs: number | undefined,
  error: unknown,
  result?: unknown,
) => void;

/**
 * Runs `work` and returns or throws what it does. Calls `done` at its end; the error is as `asThrown` has it.
 *
 * A promise comes back as one that settles alike. Any other thenable comes back as itself, and is measured from the
 * first call of its `then`: it may be lazy, or be more than a promise. With `unawaited` it is known to run from the
 * start; as long as its `then` has not been called, a function is there that records it as it is.
 */
export function timed<T>(
  work: () => T,
  clock: Pick<EngineClock, "now" | "preciseNow">,
  done: Done,
  unawaited?: Set<() => void>,
): T {
  const start = clock.now();
  const observer = observerOf(clock, start, done);
  let result: T;
  try {
    result = work();
  } catch (error) {
    observer.rejected(error);
    throw error;
  }
  const then = thenOf(result);
  if (then === undefined) observer.fulfilled(result);
  else {
    const alike = settlingAlike(result, observer);
    if (alike !== undefined) return alike as T;
    const leave = () => done(start, undefined, undefined);
    const begin = () => {
      if (unawaited === undefined) return observerOf(clock, clock.now(), done);
      return unawaited.delete(leave) ? observer : NOBODY;
    };
    if (!observeThen(result as object, then, begin)) leave();
    else unawaited?.add(leave);
  }
  return result;
}

/** Sees the end of work that begins now. */
function observerOf(clock: Pick<EngineClock, "preciseNow">, startMs: number, done: Done): Observer {
  const from = clock.preciseNow();
  return {
    fulfilled(value) {
      done(startMs, clock.preciseNow() - from, undefined, value);
    },
    rejected(error) {
      done(startMs, clock.preciseNow() - from, asThrown(error));
    },
  };
}

const NOBODY: Observer = { fulfilled() {}, rejected() {} };

/**
 * A measured duration to the microsecond, or undefined if it is unknown: the clock stepped back, or stands still on this
 * host.
 */
export function measured(
  durationMs: number | undefined,
  request: RequestRecord | undefined,
): number | undefined {
  if (durationMs === undefined || durationMs < 0) return undefined;
  if (durationMs === 0 && request?.hasFrozenClock === true) return undefined;
  return Math.round(durationMs * 1000) / 1000;
}
