/** Koa 3. */
import type { RequestRecord } from "../runtime/link.ts";
import type { Collector } from "../types.ts";
import { caught, type NodeOptions, type NodeRequest, type NodeResponse, watch } from "./_node.ts";
import { nameRoute } from "./_request.ts";

/** The part of Koa's context that is read; its router adds the last. */
export interface KoaContext {
  readonly req: NodeRequest;
  readonly res: NodeResponse;
  readonly originalUrl: string;
  readonly _matchedRoute?: unknown;
}

/**
 * Koa middleware; use it first. The route is that of `@koa/router`, if it is there; `tide.scope` takes Koa's `ctx`.
 *
 * @example
 * app.use(koa(tide));
 */
export function koa(
  tide: Collector,
  options?: NodeOptions,
): (context: KoaContext, next: () => Promise<unknown>) => Promise<unknown> {
  return (context, next) => {
    const { req, res, originalUrl: url } = context;
    const name = (record: RequestRecord) => nameRoute(record, context._matchedRoute);
    const watched = watch(tide, req, res, { key: context, url, name, answersErrors: true }, options);
    return watched === undefined ? next() : caught(watched, next);
  };
}
