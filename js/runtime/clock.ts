/** The real host: its clock, its timers, and what kind of host it is. */
import type { HostKind, Port } from "./port.ts";

interface Host {
  readonly WebSocketPair?: unknown;
  readonly EdgeRuntime?: unknown;
  readonly navigator?: { readonly userAgent?: string };
  readonly process?: { readonly versions?: { readonly node?: string } };
  readonly Deno?: { unrefTimer?(timer: number): void };
}

const host = globalThis as unknown as Host;

/** Holds no state: a timer belongs to the request in which it is set. */
export function systemPort(): Port {
  return {
    kind: hostKind(),
    now: () => Date.now(),
    setTimer(fire, ms, keepAlive) {
      const timer: unknown = setTimeout(fire, ms);
      if (!keepAlive) unref(timer);
      return timer;
    },
    fetch: (input, init) => fetch(input as string, init as RequestInit),
    clearTimer: (timer) => clearTimeout(timer as number),
  };
}

/** Workers first: with nodejs_compat they have a `process` too. */
export function hostKind(): HostKind {
  if (host.navigator?.userAgent === "Cloudflare-Workers" || typeof host.WebSocketPair === "function") {
    return "workers";
  }
  if (typeof host.EdgeRuntime === "string") return "edge";
  return typeof host.process?.versions?.node === "string" ? "process" : "browser";
}

/** Node and Bun give an object, Deno a number, browsers a number that needs nothing. */
function unref(timer: unknown): void {
  if (typeof timer === "number") host.Deno?.unrefTimer?.(timer);
  else (timer as { unref?(): void }).unref?.();
}
