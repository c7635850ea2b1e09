/** Where work may go on after the response, on hosts that have such a place. */

/** The part of an execution context that is used. It is called as a method: without its object it throws. */
export interface WaitUntil {
  waitUntil(work: Promise<unknown>): void;
}

interface Globals {
  readonly EdgeRuntime?: unknown;
  readonly [VERCEL]?: { get?(): unknown };
}

/** Registered by Vercel's runtimes. */
const VERCEL = Symbol.for("@vercel/request-context");

/** The host's own context of the running request: Vercel's or Supabase's. */
export function hostContext(): WaitUntil | undefined {
  try {
    const globals = globalThis as Globals;
    return asContext(globals[VERCEL]?.get?.()) ?? asContext(globals.EdgeRuntime);
  } catch {
    return undefined;
  }
}

/** `value`, if it has a `waitUntil`. */
export function asContext(value: unknown): WaitUntil | undefined {
  const candidate = value as WaitUntil | null | undefined;
  return typeof candidate?.waitUntil === "function" ? candidate : undefined;
}
