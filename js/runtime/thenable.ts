/** Whether `value` is to be awaited. Throws if it has a getter that throws. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const { then } = value as { readonly then?: unknown };
  // Not one that was added to every object: it would make a thenable of each of them.
  return typeof then === "function" && then !== (Object.prototype as { then?: unknown }).then;
}

export type Then = (...args: unknown[]) => unknown;

/** The `then` of a thenable, read once. Undefined: there is none, or reading it throws. */
export function thenOf(value: unknown): Then | undefined {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return undefined;
  try {
    const { then } = value as { readonly then?: unknown };
    return typeof then === "function" ? (then as Then) : undefined;
  } catch {
    return undefined;
  }
}

/** `value`; where that is a promise that nobody asked for, its rejection must not become an unhandled one of the host. */
export function unawaited<T>(value: T): T {
  if (value instanceof Promise) value.catch(() => {});
  return value;
}
