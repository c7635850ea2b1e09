/** Node's http servers, and the frameworks on them: Express, Connect, Fastify, Koa. Deno and Bun have them too. */
import { bridgeOf } from "../runtime/bridge.ts";
import { asThrown } from "../runtime/error-type.ts";
import type { Collector } from "../types/collector.ts";
import { catchError } from "./_errors.ts";
import { runNext, watchExpress } from "./_node/_express.ts";
import type { NodeOptions, NodeRequest, NodeResponse } from "./_node/_types.ts";

export { type FastifyLike, fastify } from "./_node/_fastify.ts";
export { type KoaContext, koa } from "./_node/_koa.ts";
export type { NodeOptions, NodeRequest, NodeResponse };

/**
 * Measures a listener of `http.createServer`: duration to the end of the response, status, error.
 *
 * What it throws goes where it would go without measuring.
 *
 * @example
 * createServer(listener(tide, (request, response) => response.end("hi")));
 */
// biome-ignore lint/suspicious/noExplicitAny: what `createServer` expects of its listener depends on the listener
export function listener<Q extends NodeRequest = any, S extends NodeResponse = any, R = unknown>(
  tide: Collector,
  fn: (request: Q, response: S) => R,
  options?: NodeOptions,
): (request: Q, response: S) => R {
  return function (this: unknown, request, response) {
    const record = watchExpress(tide, request, response, options, false)?.record;
    const call = () => Reflect.apply(fn, this, [request, response]) as R;
    return record === undefined ? call() : catchError(record, call);
  };
}

/**
 * Middleware for Express and Connect. Use it first.
 *
 * The route is the path where its router is mounted and the template within it. A request without a route is named by
 * its path, id-like segments shown as `:id`. The types of errors are recorded by `errorMiddleware`. A WebSocket of
 * express-ws is a request of status 101, which ends with its upgrade.
 *
 * @example
 * app.use(middleware(tide));
 */
export function middleware(
  tide: Collector,
  options?: NodeOptions,
): (request: NodeRequest, response: NodeResponse, next: () => void) => void {
  return (request, response, next) => {
    const watched = watchExpress(tide, request, response, options, true);
    if (watched === undefined) next();
    else runNext(watched, request, next);
  };
}

/**
 * Middleware for Express and Connect that records the errors of requests. Use it after the routes and before your own
 * error handlers, which get each error as it is. A request that is answered with a status below 500 is no error.
 *
 * @example
 * app.use(errorMiddleware(tide));
 */
export function errorMiddleware(
  tide: Collector,
): (error: unknown, request: object, response: unknown, next: (error?: unknown) => void) => void {
  // Express tells error handlers by their four arguments.
  return (error, request, _response, next) => {
    const record = bridgeOf(tide)?.find(request);
    if (record?.isOver === false) record.error = asThrown(error);
    next(error);
  };
}
