/** Which kind of host this is, and what follows from it. */
import type { HostKind } from "./host.ts";

interface Globals {
  readonly WebSocketPair?: unknown;
  readonly EdgeRuntime?: unknown;
  readonly navigator?: { readonly userAgent?: string };
  readonly process?: { readonly versions?: { readonly node?: string }; readonly env?: unknown };
}

const globals = globalThis as unknown as Globals;

/** Workers are asked for first: with nodejs_compat they have a `process` too. */
export function hostKind(): HostKind {
  if (globals.navigator?.userAgent === "Cloudflare-Workers" || typeof globals.WebSocketPair === "function") {
    return "workers";
  }
  if (typeof globals.EdgeRuntime === "string") return "edge";
  return typeof globals.process?.versions?.node === "string" ? "process" : "browser";
}

/** Whether the clock stands still between I/O, so that a measured 0 means an unknown duration. */
export function isClockFrozen(): boolean {
  return hostKind() === "workers";
}

/** The second argument of a handler as its environment. On other hosts than Workers it describes the connection. */
export function envOf(argument: unknown): unknown {
  return hostKind() === "workers" ? argument : undefined;
}

/** The environment on hosts that give none to their handlers. */
export function processEnv(): unknown {
  return globals.process?.env ?? {};
}
