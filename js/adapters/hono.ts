/** Hono 4, on every runtime that it supports. */
import type { RequestRecord } from "../runtime/bridge.ts";
import { envOf, isClockFrozen } from "../runtime/host-kind.ts";
import { asContext, type WaitUntil } from "../runtime/wait-until.ts";
import type { Collector } from "../types/collector.ts";
import type { RequestOptions } from "./_options.ts";
import { begin, type RequestLike } from "./_request.ts";
import { endAnswered, endFailed, responseStatus } from "./_respond.ts";
import { nameRoute } from "./_route.ts";

/** The part of Hono's `Context` that is read. */
export interface HonoContext {
  readonly req: { readonly raw: RequestLike };
  readonly res: { readonly status: number };
  readonly env: unknown;
  readonly finalized: boolean;
  readonly error: Error | undefined;
  /** Throws where the host has none. */
  readonly executionCtx: WaitUntil;
}

/** Options of `tidegate`. */
export interface HonoOptions extends RequestOptions {}

/**
 * Middleware that measures the handlers after it: duration to headers, status, error, and the route template. Use it
 * first. A request without a handler is named by its path, id-like segments shown as `:id`.
 *
 * @example
 * app.use(tidegate(tide));
 */
export function tidegate(
  tide: Collector,
  options?: HonoOptions,
): (context: HonoContext, next: () => Promise<void>) => Promise<void> {
  return async (c, next) => {
    const context = contextOf(c);
    const record = begin(tide, c.req.raw, envOf(c.env), options, isClockFrozen(), context);
    if (record === undefined) return next();
    try {
      await record.bridge.run(record, next);
    } catch (error) {
      // Hono answers an Error itself. It throws on any other value.
      endFailed(record, error, context);
      throw error;
    }
    end(record, c, context);
  };
}

function end(record: RequestRecord, c: HonoContext, context: WaitUntil | undefined): void {
  nameRoute(record, templateOf(c));
  // Hono fails if nothing has answered.
  const answer = c.finalized ? c.res : undefined;
  if (answer !== undefined && answer.status >= 500) record.error ??= c.error;
  endAnswered(record, answer, context, responseStatus);
}

function contextOf(c: HonoContext): WaitUntil | undefined {
  try {
    return asContext(c.executionCtx);
  } catch {
    return undefined;
  }
}

interface Route {
  readonly method: string;
  readonly path: string;
}

/** The route that was entered last. One for all methods that ends in `*` is that of middleware, and names nothing. */
function templateOf({ req }: HonoContext): string | undefined {
  try {
    const { matchedRoutes, routeIndex } = req as { matchedRoutes?: readonly Route[]; routeIndex?: number };
    const route = matchedRoutes?.[routeIndex ?? -1];
    return route?.method === "ALL" && route.path.endsWith("*") ? undefined : route?.path;
  } catch {
    return undefined;
  }
}
