/** Cloudflare Workers. */
import type { WaitUntil } from "../runtime/port.ts";
import type { Collector } from "../types.ts";
import { begin, type RequestLike, respond } from "./_request.ts";

// biome-ignore lint/suspicious/noExplicitAny: each Worker has its own env, and its own flavor of these types
type Handler = (...args: any[]) => any;

/** A Worker's default export. */
export interface WorkerHandler {
  fetch?: Handler;
}

/** Options of `instrument`. */
export interface InstrumentOptions {
  /** The route template of a request. Default: the path, id-like segments shown as `:id`. */
  // biome-ignore lint/suspicious/noExplicitAny: the Request type of whoever writes the function
  readonly route?: (request: any) => string | undefined;
}

/**
 * Measures a Worker's `fetch`: duration to headers, status, error. The response is returned as it is, its body
 * is never touched, and batches leave after it, on the request's own `ctx`. Other handlers pass through.
 *
 * @example
 * export default instrument(tide, { fetch: (request, env, ctx) => new Response("hi") });
 */
export function instrument<H extends WorkerHandler>(
  tide: Collector,
  handler: H,
  options?: InstrumentOptions,
): H {
  const wrapped: Record<string, unknown> = {};
  for (const name of namesOf(handler)) {
    const value = (handler as Record<string, unknown>)[name];
    wrapped[name] = typeof value === "function" ? bound(handler, value as Handler) : value;
  }
  if (typeof handler.fetch === "function") wrapped["fetch"] = measuredFetch(tide, handler, options);
  return wrapped as H;
}

function measuredFetch(
  tide: Collector,
  handler: WorkerHandler,
  options: InstrumentOptions | undefined,
): Handler {
  return (request: RequestLike, env: unknown, ctx: WaitUntil, ...rest: unknown[]) => {
    // Looked up each time, like the runtime does: the handler may be replaced while it is being developed.
    const call = () => (handler.fetch as Handler)(request, env, ctx, ...rest);
    const seen = begin(tide, request, env, options?.route, true);
    return seen === undefined ? call() : respond(seen, call, ctx);
  };
}

/** `this` stays the user's object: a class with private fields works on no other. */
function bound(handler: object, method: Handler): Handler {
  return (...args: unknown[]) => Reflect.apply(method, handler, args);
}

/** Methods of a class are not enumerable, so the prototypes are walked. */
function namesOf(handler: object): Set<string> {
  const names = new Set<string>();
  for (
    let at: object | null = handler;
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    for (const name of Object.getOwnPropertyNames(at)) if (name !== "constructor") names.add(name);
  }
  return names;
}
