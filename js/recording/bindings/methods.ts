/** A binding whose methods are recorded as functions: KV, R2, a queue's producer. */
import { membersOf } from "../../runtime/members.ts";

/**
 * A copy of `binding` whose methods are run by `run` under the name `<prefix>.<method>`.
 *
 * `known` are methods that such a binding has in any case: a stand-in in tests may list none. A newer binding may have
 * more of them.
 */
export function measuredMethods<T extends object>(
  prefix: string,
  binding: T,
  known: readonly string[],
  run: <R>(name: string, work: () => R) => R,
): T {
  const measured: Record<string, unknown> = {};
  for (const name of [...known, ...membersOf(binding).keys()]) {
    const method: unknown = Reflect.get(binding, name);
    if (typeof method !== "function") continue;
    measured[name] = (...args: unknown[]) =>
      run(`${prefix}.${name}`, () => Reflect.apply(method, binding, args));
  }
  return measured as T;
}
