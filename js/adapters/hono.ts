/** Hono 4, on every runtime that it runs on. */
import type { RequestRecord } from "../runtime/link.ts";
import type { WaitUntil } from "../runtime/port.ts";
import type { Collector } from "../types.ts";
import { asContext, clockIsFrozen, envOf, hostContext } from "./_context.ts";
import { begin, failed, nameRoute, type RequestLike } from "./_request.ts";

/** The part of Hono's `Context` that is read. */
export interface HonoContext {
  readonly req: { readonly raw: RequestLike };
  readonly res: { readonly status: number };
  readonly env: unknown;
  readonly finalized: boolean;
  readonly error: Error | undefined;
  /** Throws where there is none. */
  readonly executionCtx: WaitUntil;
}

/** Options of `tidegate`. */
export interface HonoOptions {
  /** Names a request as it comes in, before Hono's own route is known; it wins over that. */
  // biome-ignore lint/suspicious/noExplicitAny: the Request type of whoever writes the function
  readonly route?: (request: any) => string | undefined;
}

/**
 * Middleware that measures what comes after it: duration to headers, status, error, and the handler's route
 * template. Use it first. A request that no handler takes has its path, id-like segments shown as `:id`.
 *
 * @example
 * app.use(tidegate(tide));
 */
export function tidegate(
  tide: Collector,
  options?: HonoOptions,
): (context: HonoContext, next: () => Promise<void>) => Promise<void> {
  return async (c, next) => {
    const record = begin(tide, c.req.raw, envOf(c.env), options?.route, clockIsFrozen());
    if (record === undefined) return next();
    const context = contextOf(c);
    try {
      await record.link.run(record, next);
    } catch (error) {
      // Hono itself answers what is an Error; all else it throws on.
      failed(record, error, context);
      throw error;
    }
    end(record, c, context);
  };
}

function end(record: RequestRecord, c: HonoContext, context: WaitUntil | undefined): void {
  nameRoute(record, templateOf(c));
  // Unanswered, Hono fails.
  const status = c.finalized ? c.res.status : 500;
  record.link.end(record, status, status < 500 ? undefined : c.error, context);
}

function contextOf(c: HonoContext): WaitUntil | undefined {
  try {
    return asContext(c.executionCtx) ?? hostContext();
  } catch {
    return hostContext();
  }
}

interface Route {
  readonly method: string;
  readonly path: string;
}

/** The route that was entered last; `"/users/*"` for all methods is what middleware has: it names nothing. */
function templateOf({ req }: HonoContext): string | undefined {
  try {
    const { matchedRoutes, routeIndex } = req as { matchedRoutes?: readonly Route[]; routeIndex?: number };
    const route = matchedRoutes?.[routeIndex ?? -1];
    return route?.method === "ALL" && route.path.endsWith("*") ? undefined : route?.path;
  } catch {
    return undefined;
  }
}
