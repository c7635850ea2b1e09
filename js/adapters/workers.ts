/** Cloudflare Workers: handlers, Durable Objects, entrypoints. */
import type { WaitUntil } from "../runtime/port.ts";
import type { Collector } from "../types.ts";
import { type AnyClass, measuredClass, type Plan } from "./_classes.ts";
import { asRequest, asRoot, type Handler, type InstrumentOptions, rootName } from "./_handlers.ts";
import type { RequestLike } from "./_request.ts";

export type { InstrumentOptions };

/** A Worker's default export. */
export interface WorkerHandler {
  fetch?: Handler;
  scheduled?: Handler;
  queue?: Handler;
  email?: Handler;
  tail?: Handler;
}

/**
 * Measures a Worker's handlers. A `fetch` is recorded as a request: duration to headers, status, error. The others
 * are functions, called `scheduled:<cron>`, `queue:<name>`, `email` and `tail`, to which the global sampling rate
 * applies. What a handler returns or throws is passed on as it is, and batches leave after it, on its own `ctx`.
 * `tide.scope(first)`, with the handler's first argument, is bound to it.
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
    wrapped[name] = typeof value === "function" ? measured(tide, handler, name, options) : value;
  }
  return wrapped as H;
}

/**
 * Measures a Durable Object: its `fetch` is recorded as a request, all else as functions called `alarm`,
 * `ws:message`, `ws:close`, `ws:error` and `rpc:<Class>.<method>`. The answer is a subclass: export it under the
 * name that the binding has.
 *
 * It stays hibernatable: after an event nothing is pending for longer than `flushIntervalMs` and one send. An alarm
 * and the end of a WebSocket send at once. A method that another method of the object calls is part of it; after an
 * `await` that is known only where there is an AsyncLocalStorage.
 *
 * @example
 * export const Counter = instrumentDurableObject(tide, class extends DurableObject { increment() {} });
 */
export function instrumentDurableObject<C extends AnyClass>(
  tide: Collector,
  Class: C,
  options?: InstrumentOptions,
): C {
  const plan: Plan = {
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
  return measuredClass(tide, Class, plan);
}

/**
 * Measures a `WorkerEntrypoint`: its handlers as `instrument` does, its RPC methods as functions called
 * `rpc:<Class>.<method>`. The answer is a subclass.
 *
 * @example
 * export const Admin = instrumentEntrypoint(tide, class extends WorkerEntrypoint { async purge(key: string) {} });
 */
export function instrumentEntrypoint<C extends AnyClass>(
  tide: Collector,
  Class: C,
  options?: InstrumentOptions,
): C {
  return measuredClass(tide, Class, { options, root: rootName, context: (_, ctx) => ctx });
}

const OBJECT_HANDLERS: Readonly<Record<string, string | undefined>> = {
  alarm: "alarm",
  webSocketMessage: "ws:message",
  webSocketClose: "ws:close",
  webSocketError: "ws:error",
};

/** `this` stays the user's object: a class with private fields works on no other. */
function measured(
  tide: object,
  handler: object,
  name: string,
  options: InstrumentOptions | undefined,
): Handler {
  return (...args: unknown[]) => {
    const [first, env, context] = args as [unknown, unknown, WaitUntil | undefined];
    // Looked up each time, like the runtime does: the handler may be replaced while it is being developed.
    const run = () => Reflect.apply(Reflect.get(handler, name) as Handler, handler, args);
    const call = { tide, env, context, run };
    if (name === "fetch") return asRequest(call, first as RequestLike, options);
    const root = rootName(name, first);
    return root === undefined ? run() : asRoot(call, root, first);
  };
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
