/** Any host that calls `(request) => Response`: Deno.serve, Bun.serve, Vercel edge, Supabase, Netlify, Pages. */
import type { Collector } from "../types/collector.ts";
import { envIn } from "./_arguments.ts";
import type { RequestOptions } from "./_options.ts";
import { anyStatus } from "./_respond.ts";
import { answerRequest, servedStatus } from "./_served.ts";

/** A handler. Hosts pass other arguments after the request. */
// biome-ignore lint/suspicious/noExplicitAny: each host has its own types of these
export type FetchHandler = (request: any, ...rest: any[]) => unknown;

/** Options of `withTide`. */
export interface WithTideOptions extends RequestOptions {
  /**
   * Where flushing may go on after the response.
   *
   * @default that of the handler's arguments, or else the host's own (Workers, Vercel, Next, Supabase). Deno, Bun and
   * Node need none: they flush by a timer.
   */
  readonly waitUntil?: (work: Promise<unknown>) => void;
}

/** Options of `measure`. */
export interface MeasureOptions extends Omit<WithTideOptions, "route"> {
  /**
   * The route template of the request, or a function that finds it. Null, as frameworks have it: there is none.
   *
   * @default the path, id-like segments shown as `:id`
   */
  readonly route?: string | null | RequestOptions["route"];
  /**
   * On Workers: what `createCollector` gets, where its options are a function.
   *
   * @default that of the event, or that of `cloudflare:workers` with the flag `nodejs_compat`. If there is none, nothing is
   * recorded, and one line says so.
   */
  readonly env?: unknown;
  /**
   * `"await"`: the result is a promise, which waits until what is queued is sent, at most `flushDeadlineMs`. For hosts
   * that stop with the response and have no `waitUntil`.
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
    const answering = {
      tide,
      given,
      env: envIn(request, rest[0]),
      name: "withTide",
      call,
      read(answer: unknown, found: unknown) {
        return servedStatus(answer, given, found);
      },
    };
    return answerRequest(answering, options);
  };
  return wrapped as unknown as H;
}

/**
 * Measures `work` as the answer to `request`: one line inside a framework's hook. `request` is a `Request`, one of
 * Node's, the framework's event or context that has one, or an event of AWS Lambda. The status is that of what `work`
 * gives, if it has one, or of a `Response` that it throws, as a redirect.
 *
 * @example
 * export const handle = ({ event, resolve }) => measure(tide, event, () => resolve(event));
 */
export function measure<T>(
  tide: Collector,
  request: object,
  work: () => T,
  options: MeasureOptions & { readonly flush: "await" },
): Promise<Awaited<T>>;
export function measure<T>(tide: Collector, request: object, work: () => T, options?: MeasureOptions): T;
export function measure<T>(
  tide: Collector,
  request: object,
  work: () => T,
  options?: MeasureOptions,
): unknown {
  const { route, flush, env = envIn(request, undefined) } = options ?? {};
  const find = typeof route === "function" ? route : () => route ?? undefined;
  const answer = {
    tide,
    given: [request],
    env,
    name: "measure",
    call: work,
    read: anyStatus,
    sendsThrown: true,
  };
  const run = () => answerRequest(answer, { ...options, route: find });
  return flush === "await" ? flushed(tide, run) : run();
}

async function flushed(tide: Collector, call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } finally {
    await tide.flush();
  }
}
