/** Whether a function was called by the host or by a program. */

interface Stacks {
  stackTraceLimit?: unknown;
  prepareStackTrace?: unknown;
  captureStackTrace?(holder: object, above: unknown): void;
}

/** Whether JavaScript has called `callee`, which is running. True where the stack does not show it. */
export function hasCaller(callee: unknown): boolean {
  const stacks = Error as Stacks;
  const { stackTraceLimit, prepareStackTrace } = stacks;
  const holder: { readonly stack?: unknown } = {};
  try {
    stacks.stackTraceLimit = 1;
    stacks.prepareStackTrace = (_: unknown, frames: readonly unknown[]) => frames.length;
    stacks.captureStackTrace?.(holder, callee);
    return holder.stack !== 0;
  } catch {
    // A program may have frozen `Error`.
    return true;
  } finally {
    Reflect.set(stacks, "stackTraceLimit", stackTraceLimit);
    if (prepareStackTrace === undefined) Reflect.deleteProperty(stacks, "prepareStackTrace");
    else Reflect.set(stacks, "prepareStackTrace", prepareStackTrace);
  }
}
