/** Koa 3. */
import type { RequestRecord } from "../../runtime/bridge.ts";
import type { Collector } from "../../types/collector.ts";
import { catchError } from "../_errors.ts";
import { nameRoute } from "../_route.ts";
import type { NodeOptions, NodeRequest, NodeResponse } from "./_types.ts";
import { watch } from "./_watch.ts";

/** The part of Koa's context that is read. `@koa/router` adds `_matchedRoute`. */
export interface KoaContext {
  readonly req: NodeRequest;
  readonly res: NodeResponse;
  readonly originalUrl: string;
  readonly _matchedRoute?: unknown;
}

/**
 * Koa middleware. Use it first. The route is that of `@koa/router`, if it is used. `tide.scope` takes Koa's `ctx`.
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
    const describe = (record: RequestRecord) => nameRoute(record, context._matchedRoute);
    const watched = watch(tide, req, res, { key: context, url, describe, answersErrors: true }, options);
    return watched === undefined ? next() : catchError(watched.record, next);
  };
}
