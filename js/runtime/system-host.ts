import type { Host } from "./host.ts";
import { hostKind } from "./host-kind.ts";

interface Globals {
  readonly Deno?: { unrefTimer?(timer: number): void };
}

/** The real host. It holds no state: a timer belongs to the request that set it. */
export function systemHost(): Host {
  const kind = hostKind();
  const now = () => Date.now();
  // On Workers both clocks stand still between I/O, and `Date.now` is the one that is documented.
  const isPrecise = kind !== "workers" && typeof performance === "object";
  return {
    kind,
    now,
    preciseNow: isPrecise ? () => performance.now() : now,
    setTimer(fire, ms, keepAlive) {
      const timer: unknown = setTimeout(fire, ms);
      if (!keepAlive) unref(timer);
      return timer;
    },
    fetch: (input, init) => fetch(input as string, init as RequestInit),
    clearTimer: (timer) => clearTimeout(timer as number),
  };
}

/** Node and Bun have a timer object, Deno a number, browsers a number that needs nothing. */
function unref(timer: unknown): void {
  if (typeof timer === "number") (globalThis as unknown as Globals).Deno?.unrefTimer?.(timer);
  else (timer as { unref?(): void }).unref?.();
}
