/** Any host that calls `(request) => Response`: Deno.serve, Bun.serve, Vercel edge, Supabase, Netlify. */
import { envOf, isClockFrozen } from "../runtime/host-kind.ts";
import { asContext, hostContext, type WaitUntil } from "../runtime/wait-until.ts";
import type { Collector } from "../types/collector.ts";
import { begin, type RequestLike, respond } from "./_request.ts";

/** A handler. Hosts pass other arguments after the request. */
// biome-ignore lint/suspicious/noExplicitAny: each host has its own types of these
export type FetchHandler = (request: any, ...rest: any[]) => unknown;

/** Options of `withTide`. */
export interface WithTideOptions {
  /**
   * The route template of a request.
   *
   * @default the path, id-like segments shown as `:id`
   */
  // biome-ignore lint/suspicious/noExplicitAny: the Request type of whoever writes the function
  readonly route?: (request: any) => string | undefined;
  /**
   * Where flushing may go on after the response.
   *
   * @default that of the handler's arguments, or else the host's own (Vercel, Supabase). Deno, Bun and Node need none:
   * they flush by a timer.
   */
  readonly waitUntil?: (work: Promise<unknown>) => void;
}

/**
 * Measures a handler: duration to headers, status, error. What it returns or throws is passed on as it is.
 *
 * @example
 * Deno.serve(withTide(tide, (request) => new Response("hi")));
 */
export function withTide<H extends FetchHandler>(tide: Collector, handler: H, options?: WithTideOptions): H {
  const wrapped = function (this: unknown, request: RequestLike, ...rest: unknown[]): unknown {
    const call = () => Reflect.apply(handler, this, [request, ...rest]);
    const record = begin(tide, request, envOf(rest[0]), options?.route, isClockFrozen());
    return record === undefined ? call() : respond(record, call, contextOf(options, rest));
  };
  return wrapped as unknown as H;
}

function contextOf(options: WithTideOptions | undefined, rest: readonly unknown[]): WaitUntil | undefined {
  const waitUntil = options?.waitUntil;
  if (typeof waitUntil === "function") return { waitUntil: (work) => waitUntil(work) };
  for (const argument of rest) {
    const context = asContext(argument);
    if (context !== undefined) return context;
  }
  return hostContext();
}
