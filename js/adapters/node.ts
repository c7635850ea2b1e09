/** Node's http servers, and the frameworks on them: Express, Connect, Fastify, Koa. Deno and Bun have them too. */
import type { RequestRecord } from "../runtime/link.ts";
import type { Collector } from "../types.ts";
import {
  caught,
  type NodeOptions,
  type NodeRequest,
  type NodeResponse,
  nameExpress,
  type Watched,
  watch,
} from "./_node.ts";

export { type FastifyLike, fastify } from "./_fastify.ts";
export { type KoaContext, koa } from "./_koa.ts";
export type { NodeOptions, NodeRequest, NodeResponse };

/**
 * Measures a listener of `http.createServer`: duration to the end of the response, status, error. What it
 * throws goes where it went without.
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
    const watched = watchExpress(tide, request, response, options, false);
    const call = () => Reflect.apply(fn, this, [request, response]) as R;
    return watched === undefined ? call() : caught(watched, call);
  };
}

/**
 * Middleware for Express and Connect; use it first. The route is the path where its router is mounted and the
 * template within; a request that no route takes has its path, id-like segments shown as `:id`.
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
    else watched.record.link.run(watched.record, () => next());
  };
}

function watchExpress(
  tide: Collector,
  request: NodeRequest,
  response: NodeResponse,
  options: NodeOptions | undefined,
  answersErrors: boolean,
): Watched | undefined {
  const url = request.originalUrl ?? request.url;
  const name = (record: RequestRecord) => nameExpress(request, record);
  return watch(tide, request, response, { key: request, url, name, answersErrors }, options);
}
