/** Finding a platform binding: bindings live in `env`, which comes with each send. */
import type { Sink } from "../types.ts";

/** A name in `env`, or a function that picks the binding out of it. */
// biome-ignore lint/suspicious/noExplicitAny: the type of env is the user's
export type BindingSource<T> = string | ((env: any) => T);

/** Throws if `env` has no such binding: the batch is kept, and the notice names it. */
export function bindingOf<T>(source: BindingSource<T>, env: unknown, method: keyof T & string): T {
  const found = typeof source === "function" ? source(env) : (env as Record<string, T> | undefined)?.[source];
  if (typeof found?.[method] === "function") return found;
  const name = typeof source === "string" ? JSON.stringify(source) : "of the given function";
  throw new Error(`the binding ${name} has no ${method}()`);
}

export function bindingProblem(binding: unknown): Sink["problem"] {
  if (typeof binding === "function" || (typeof binding === "string" && binding !== "")) return undefined;
  return { code: "config/sink", option: "binding", message: "must be a name in env or a function of env" };
}

/** `text` cut to at most `maxBytes` of UTF-8, between characters. */
export function cut(text: string, maxBytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes));
  return text.slice(0, read);
}
