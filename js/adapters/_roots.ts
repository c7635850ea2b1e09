/** Handlers of Cloudflare that are no `fetch`: their names, and where flushing goes on after them. */
import type { FlushContext } from "../runtime/bridge.ts";
import type { WaitUntil } from "../runtime/wait-until.ts";

/** The name of a handler that is not `fetch`. Undefined: it is no handler. */
export function rootName(handler: string, first: unknown): (() => string) | undefined {
  const given = first as { readonly cron?: unknown; readonly queue?: unknown } | null | undefined;
  switch (handler) {
    case "scheduled":
      return () => `scheduled:${given?.cron}`;
    case "queue":
      return () => `queue:${given?.queue}`;
    case "email":
    case "tail":
      return () => handler;
    default:
      return undefined;
  }
}

/** As `rootName`, for a Durable Object. */
export function objectRootName(handler: string): (() => string) | undefined {
  const name = OBJECT_HANDLERS[handler];
  return name === undefined ? undefined : () => name;
}

const OBJECT_HANDLERS: Readonly<Record<string, string | undefined>> = {
  alarm: "alarm",
  webSocketMessage: "ws:message",
  webSocketClose: "ws:close",
  webSocketError: "ws:error",
};

/** Where flushing goes on after a method of an entrypoint. The run of a Workflow sends at its end, also when it throws: its next run may come in days, and elsewhere. */
export function entrypoint(handler: string, ctx: WaitUntil, args: readonly unknown[]): FlushContext {
  const step = args[1] as { readonly do?: unknown } | null | undefined;
  const isWorkflow = handler === "run" && typeof step?.do === "function";
  return isWorkflow ? { waitUntil: (work) => ctx.waitUntil(work), isLast: true } : ctx;
}
