/** How the methods of a Durable Object are measured. */
import type { Plan } from "./_calls.ts";
import type { InstrumentOptions } from "./_handlers.ts";

const OBJECT_HANDLERS: Readonly<Record<string, string | undefined>> = {
  alarm: "alarm",
  webSocketMessage: "ws:message",
  webSocketClose: "ws:close",
  webSocketError: "ws:error",
};

export function objectPlan(options: InstrumentOptions | undefined): Plan {
  return {
    options,
    root: (handler) => {
      const name = OBJECT_HANDLERS[handler];
      return name === undefined ? undefined : () => name;
    },
    context: (handler, ctx) => ({
      waitUntil: (work) => ctx.waitUntil(work),
      isBrief: true,
      isLast: handler === "alarm" || handler === "webSocketClose",
    }),
  };
}
