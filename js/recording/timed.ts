import type { RequestRecord } from "../runtime/bridge.ts";
import { isThenable } from "../runtime/thenable.ts";

/** Runs `work` and returns or throws what it does. Calls `done` at its end; an error without a value is `"throw"`. */
export function timed<T>(
  work: () => T,
  now: () => number,
  done: (start: number, error: unknown, result?: unknown) => void,
): T {
  const start = now();
  const succeed = (value: T) => {
    done(start, undefined, value);
    return value;
  };
  const fail = (error: unknown): never => {
    done(start, error ?? "throw");
    throw error;
  };
  let result: T;
  try {
    result = work();
  } catch (error) {
    return fail(error);
  }
  return isThenable(result) ? (Promise.resolve(result).then(succeed, fail) as T) : succeed(result);
}

/** A measured duration, or undefined if it is unknown: the clock stepped back, or stands still on this host. */
export function measured(durationMs: number, request: RequestRecord | undefined): number | undefined {
  const isFrozen = durationMs === 0 && request?.hasFrozenClock === true;
  return durationMs < 0 || isFrozen ? undefined : durationMs;
}
