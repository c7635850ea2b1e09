/** Cloudflare Workers: handlers, Durable Objects, entrypoints. */
import { membersOf } from "../runtime/members.ts";
import type { WaitUntil } from "../runtime/wait-until.ts";
import type { Collector } from "../types/collector.ts";
import type { Plan } from "./_classes/_calls.ts";
import { type AnyClass, measuredClass } from "./_classes/_subclass.ts";
import { asRequest, asRoot, type Handler, type InstrumentOptions } from "./_handlers.ts";
import type { RequestLike } from "./_request.ts";
import { entrypoint, objectRootName, rootName } from "./_roots.ts";

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
 * Measures a Worker's handlers.
 *
 * A `fetch` is recorded as a request: duration to headers, status, error. The others are recorded as functions named
 * `scheduled:<cron>`, `queue:<name>`, `email` and `tail`; the global sampling rate applies to them. What a handler
 * returns or throws is passed on as it is. Batches leave after it, on its own `ctx`. `tide.scope(first)`, with the
 * handler's first argument, is bound to it.
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
  for (const name of membersOf(handler).keys()) {
    const value = (handler as Record<string, unknown>)[name];
    wrapped[name] = typeof value === "function" ? measured(tide, handler, name, options) : value;
  }
  return wrapped as H;
}

/**
 * Measures a Durable Object. Returns a subclass: export it under the name that the binding has.
 *
 * Its `fetch` is recorded as a request, its other methods as functions named `alarm`, `ws:message`, `ws:close`,
 * `ws:error` and `rpc:<Class>.<method>`. Only methods of the class itself are measured, and of a class that extends
 * the result. Left alone: those of a base class, like a framework's, and every call that JavaScript makes, whether by
 * other methods, listeners, timers or a framework. Extend the result: what `wrangler types` writes needs a class.
 *
 * The object can still hibernate: nothing is pending for longer than `flushIntervalMs` and one send.
 *
 * @example
 * class CounterBase extends DurableObject { increment() {} }
 * export class Counter extends instrumentDurableObject(tide, CounterBase) {}
 */
export function instrumentDurableObject<C extends AnyClass>(
  tide: Collector,
  Class: C,
  options?: InstrumentOptions,
): C {
  const plan: Plan = {
    options,
    root: objectRootName,
    context: (handler, ctx) => ({
      waitUntil: (work) => ctx.waitUntil(work),
      isBrief: true,
      isLast: handler === "alarm" || handler === "webSocketClose",
    }),
  };
  return measuredClass(tide, Class, plan);
}

/**
 * Measures a `WorkerEntrypoint` or a `WorkflowEntrypoint`. Returns a subclass.
 *
 * Its handlers are recorded as `instrument` does, its RPC methods as functions named `rpc:<Class>.<method>`. The rules
 * of `instrumentDurableObject` say which.
 *
 * @example
 * class AdminBase extends WorkerEntrypoint { async purge(key: string) {} }
 * export class Admin extends instrumentEntrypoint(tide, AdminBase) {}
 */
export function instrumentEntrypoint<C extends AnyClass>(
  tide: Collector,
  Class: C,
  options?: InstrumentOptions,
): C {
  return measuredClass(tide, Class, { options, root: rootName, context: entrypoint });
}

/** `this` is the user's object, since methods with private fields work on no other. */
function measured(
  tide: object,
  handler: object,
  name: string,
  options: InstrumentOptions | undefined,
): Handler {
  return (...args: unknown[]) => {
    // Not taken apart as a list: that is an iteration, for each request.
    const first = args[0];
    const env = args[1];
    const context = args[2] as WaitUntil | undefined;
    const call = {
      tide,
      env,
      context,
      // Looked up for each call, as the runtime does: a development server may replace the handler.
      run() {
        return Reflect.apply(Reflect.get(handler, name) as Handler, handler, args);
      },
    };
    if (name === "fetch") return asRequest(call, first as RequestLike, options);
    const root = rootName(name, first);
    return root === undefined ? call.run() : asRoot(call, root, first, false);
  };
}
