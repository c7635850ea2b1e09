/** Platform bindings, which a sink finds in the `env` of each send. */
import { TidegateError } from "../types/error.ts";
import { badOption } from "./_options.ts";

/** A name in `env`, or a function that takes the binding out of it. */
// biome-ignore lint/suspicious/noExplicitAny: the type of env is the user's
export type BindingSource<T> = string | ((env: any) => T);

/** Throws TidegateError `config/sink` unless `binding` is a BindingSource. */
export function checkBinding(sink: string, binding: unknown): void {
  if (typeof binding === "function" || (typeof binding === "string" && binding !== "")) return;
  throw badOption(sink, "binding", "must be a name in env or a function of env");
}

/** Throws if `env` has no such binding. The batch then waits for a retry, and the notice names the binding. */
export function bindingOf<T>(source: BindingSource<T>, env: unknown, method: keyof T & string): T {
  const found = typeof source === "function" ? source(env) : (env as Record<string, T> | undefined)?.[source];
  if (typeof found?.[method] === "function") return found;
  const name = typeof source === "string" ? JSON.stringify(source) : "of the given function";
  throw new TidegateError("sink/binding", `the binding ${name} has no ${method}()`);
}
