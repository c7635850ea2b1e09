/** Where work may go on after the response, on hosts that have such a place. */
import { hostKind } from "../runtime/clock.ts";
import type { WaitUntil } from "../runtime/port.ts";

interface Host {
  readonly EdgeRuntime?: unknown;
}

/** Registered by Vercel's runtimes. */
const VERCEL = Symbol.for("@vercel/request-context");

/** The host's own context of the running request: Vercel's, Supabase's. */
export function hostContext(): WaitUntil | undefined {
  try {
    const host = globalThis as Host & { readonly [VERCEL]?: { get?(): unknown } };
    return asContext(host[VERCEL]?.get?.()) ?? asContext(host.EdgeRuntime);
  } catch {
    return undefined;
  }
}

/** `value`, if it takes work. */
export function asContext(value: unknown): WaitUntil | undefined {
  const candidate = value as WaitUntil | null | undefined;
  return typeof candidate?.waitUntil === "function" ? candidate : undefined;
}

/** Elsewhere the second argument of a handler is about the connection, and no environment. */
export function envOf(given: unknown): unknown {
  return hostKind() === "workers" ? given : undefined;
}

/** Whether the clock stands still between I/O, so that a measured 0 is unknown. */
export function clockIsFrozen(): boolean {
  return hostKind() === "workers";
}
