/** A binding whose every method is a function call: KV, R2, a queue's producer. */

/** `binding` with each of its methods run by `run`, called `<prefix>.<method>`; `known` are those it is sure to have. */
export function measuredMethods<T extends object>(
  prefix: string,
  binding: T,
  known: readonly string[],
  run: <R>(name: string, work: () => R) => R,
): T {
  const measured: Record<string, unknown> = {};
  // A binding may be a stand-in that lists nothing, or newer than the list here.
  for (const name of new Set([...known, ...namesOf(binding)])) {
    const method: unknown = name === "constructor" ? undefined : Reflect.get(binding, name);
    if (typeof method !== "function") continue;
    measured[name] = (...args: unknown[]) =>
      run(`${prefix}.${name}`, () => Reflect.apply(method, binding, args));
  }
  return measured as T;
}

function* namesOf(binding: object): Generator<string> {
  for (let at = binding; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    yield* Object.getOwnPropertyNames(at);
  }
}
