/** What is not settled yet when it is returned: promises, and anything else with a `then`. */
import type { Then } from "../runtime/thenable.ts";

/** Gets how a thenable settles. */
export interface Observer {
  fulfilled(value: unknown): void;
  rejected(error: unknown): void;
}

/** By `then` of ours: what makes the observers of its next call. */
const waitingOf = new WeakMap<Then, (() => Observer)[]>();

/**
 * A promise that settles as `promise` does, so that a rejection nobody handles stays one. Undefined: `promise` is not a
 * plain promise, and may do more or other things than one.
 */
export function settlingAlike(promise: unknown, observer: Observer): Promise<unknown> | undefined {
  try {
    if (Object.getPrototypeOf(promise) !== Promise.prototype || Object.hasOwn(promise as object, "then")) {
      return undefined;
    }
    // Applied: it throws for a proxy of a promise.
    const alike = Reflect.apply(Promise.prototype.then, promise, [
      reporting(observer.fulfilled, undefined, pass),
      reporting(observer.rejected, undefined, rethrow),
    ]);
    copyOwn(promise as object, alike);
    return alike;
  } catch {
    return undefined;
  }
}

/**
 * Gives `thenable` a `then` of its own, which calls `then` and tells how the first call settles. `begin` is called by
 * that call: a lazy thenable starts then. Returns false if `thenable` takes no such property, or does not show it.
 */
export function observeThen(thenable: object, then: Then, begin: () => Observer): boolean {
  const waiting = waitingOf.get(then);
  if (waiting !== undefined) {
    // A thenable that is measured again, as a cached one is. A `then` around each `then` would never end.
    waiting.push(begin);
    return true;
  }
  try {
    const own = Reflect.getOwnPropertyDescriptor(thenable, "then");
    const value = observed(then, begin);
    const shadow = { value, configurable: true, writable: true, enumerable: own?.enumerable ?? false };
    // biome-ignore lint/suspicious/noThenProperty: it has a `then` already
    if (!Reflect.defineProperty(thenable, "then", shadow)) return false;
    if (Reflect.get(thenable, "then") === value) return true;
    // A proxy that took the property shows another one.
    if (own === undefined) Reflect.deleteProperty(thenable, "then");
    // biome-ignore lint/suspicious/noThenProperty: its own
    else Reflect.defineProperty(thenable, "then", own);
  } catch {
    // A proxy that refuses.
  }
  return false;
}

function observed(then: Then, begin: () => Observer): Then {
  const waiting = [begin];
  const call = function (this: unknown, ...args: unknown[]): unknown {
    const observers = waiting.splice(0).map((start) => start());
    if (observers.length === 0) return Reflect.apply(then, this, args);
    const [onFulfilled, onRejected, ...rest] = args;
    const fulfilled = (value: unknown) => {
      for (const each of observers) each.fulfilled(value);
    };
    const rejected = (error: unknown) => {
      for (const each of observers) each.rejected(error);
    };
    const callbacks = [reporting(fulfilled, onFulfilled, pass), reporting(rejected, onRejected, rethrow)];
    try {
      return Reflect.apply(then, this, [...callbacks, ...rest]);
    } catch (error) {
      rejected(error);
      throw error;
    }
  };
  waitingOf.set(call, waiting);
  return call;
}

/** A callback that tells `observe` first. Where the caller gave none, it does what a promise does without one. */
function reporting(
  observe: (value: unknown) => void,
  given: unknown,
  otherwise: (value: unknown) => unknown,
) {
  return function (this: unknown, ...args: unknown[]): unknown {
    observe(args[0]);
    return typeof given === "function" ? Reflect.apply(given, this, args) : otherwise(args[0]);
  };
}

const pass = (value: unknown) => value;

function rethrow(error: unknown): never {
  throw error;
}

/** What the user has put on a promise, like a `cancel` method. */
function copyOwn(from: object, to: object): void {
  for (const name of Object.getOwnPropertyNames(from)) {
    Object.defineProperty(to, name, Reflect.getOwnPropertyDescriptor(from, name) as PropertyDescriptor);
  }
}
