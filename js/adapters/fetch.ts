/** Any host that calls `(request) => Response`: Deno.serve, Bun.serve, Vercel edge, Supabase, Netlify, Pages. */
import { bridgeOf } from "../runtime/bridge.ts";
import { isClockFrozen } from "../runtime/host-kind.ts";
import type { Collector } from "../types/collector.ts";
import { contextIn, envIn, requestIn } from "./_arguments.ts";
import { begin, respond } from "./_request.ts";

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
   * @default that of the handler's arguments, or else the host's own (Workers, Vercel, Next, Supabase). Deno, Bun and
   * Node need none: they flush by a timer.
   */
  readonly waitUntil?: (work: Promise<unknown>) => void;
}

/** Options of `measure`. */
export interface MeasureOptions extends WithTideOptions {
  /** On Workers: what `createCollector` gets, where its options are a function. */
  readonly env?: unknown;
  /**
   * `"await"`: the result waits until what is queued is sent, at most `flushDeadlineMs`. For hosts that stop with the
   * response and have no `waitUntil`.
   */
  readonly flush?: "await";
}

/**
 * Measures a handler: duration to headers, status, error. What it returns or throws is passed on as it is.
 *
 * The first argument is a `Request`, or an event that has one as `request` (Pages Functions).
 *
 * @example
 * Deno.serve(withTide(tide, (request) => new Response("hi")));
 */
export function withTide<H extends FetchHandler>(tide: Collector, handler: H, options?: WithTideOptions): H {
  // It declares one argument: Deno passes no request to a function that declares none.
  const wrapped = function (this: unknown, request: unknown, ...rest: unknown[]): unknown {
    const given = [request, ...rest];
    const call = () => Reflect.apply(handler, this, given);
    return run(tide, given, envIn(request, rest[0]), call, options, "withTide");
  };
  return wrapped as unknown as H;
}

/**
 * Measures `work` as the answer to `request`: one line inside a framework's hook. `request` is a `Request`, or the
 * framework's event or context that has one.
 *
 * @example
 * export const handle = ({ event, resolve }) => measure(tide, event, () => resolve(event));
 */
export function measure<T>(tide: Collector, request: object, work: () => T, options?: MeasureOptions): T {
  const env = options?.env ?? envIn(request, undefined);
  const result = run(tide, [request], env, work, options, "measure");
  return options?.flush === "await" ? (flushed(tide, result) as T) : result;
}

function run<T>(
  tide: Collector,
  given: readonly unknown[],
  env: unknown,
  call: () => T,
  options: WithTideOptions | undefined,
  adapter: string,
): T {
  const request = requestIn(given[0]);
  if (request === undefined) {
    bridgeOf(tide)?.warnUnmeasured(adapter);
    return call();
  }
  const context = contextIn(options?.waitUntil, given);
  const record = begin(tide, request, env, options?.route, isClockFrozen(), context);
  return record === undefined ? call() : respond(record, call, context);
}

async function flushed(tide: Collector, result: unknown): Promise<unknown> {
  try {
    return await result;
  } finally {
    await tide.flush();
  }
}
