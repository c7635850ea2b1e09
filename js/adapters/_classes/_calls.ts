/** The calls of the methods of one measured class. */
import { bridgeOf, type FlushContext } from "../../runtime/bridge.ts";
import { hostKind } from "../../runtime/host-kind.ts";
import { type TraceHeaders, traceOf } from "../../runtime/rpc-trace.ts";
import type { WaitUntil } from "../../runtime/wait-until.ts";
import { asRequest, asRoot, type InstrumentOptions } from "../_handlers.ts";
import type { RequestLike } from "../_request.ts";
import { hasCaller } from "./_call-stack.ts";
import type { Measure, Method } from "./_methods.ts";

/** What is known of an instance. */
export interface Constructed {
  /** The name of its class. */
  readonly name: string;
  readonly ctx: WaitUntil | undefined;
  readonly env: unknown;
}

/** What differs between the classes. */
export interface Plan {
  /** The name of a handler. Undefined: it is an RPC method. */
  root(handler: string, first: unknown): (() => string) | undefined;
  /** Where flushing goes on after `handler`. */
  context(handler: string, ctx: WaitUntil, args: readonly unknown[]): FlushContext;
  readonly options: InstrumentOptions | undefined;
}

/** Undefined: the object is no instance, or is still being constructed. */
export type ConstructedOf = (instance: object) => Constructed | undefined;

export class Calls implements Measure {
  readonly tide: object;
  readonly #plan: Plan;
  readonly #constructedOf: ConstructedOf;
  /** Instances that are running a handler up to its first await. */
  readonly #running = new WeakSet<object>();
  /** The instance that each request belongs to, where the runtime can tell the current request. */
  readonly #owners = new WeakMap<object, object>();

  constructor(tide: object, plan: Plan, constructedOf: ConstructedOf) {
    this.tide = tide;
    this.#plan = plan;
    this.#constructedOf = constructedOf;
  }

  isHandler(name: string): boolean {
    return name === "fetch" || this.#plan.root(name, undefined) !== undefined;
  }

  /** Only Workers call the methods of an object from outside of JavaScript. */
  isOutside(getter: unknown, instance: object): boolean {
    if (hostKind() === "workers") return !hasCaller(getter);
    return this.#constructedOf(instance) !== undefined && !this.#isNested(instance);
  }

  measured(name: string, current: () => Method, isInner: boolean): Method {
    const call = (instance: object, given: unknown[]) => {
      const trace = this.isHandler(name) ? undefined : traceOf(given.at(-1));
      const args = trace === undefined ? given : given.slice(0, -1);
      const run = () => Reflect.apply(current(), instance, isInner ? args : given);
      return this.#call(name, run, instance, args, trace);
    };
    return function (this: object, ...args: unknown[]) {
      return call(this, args);
    };
  }

  #call(
    name: string,
    run: () => unknown,
    instance: object,
    args: readonly unknown[],
    trace: TraceHeaders | undefined,
  ): unknown {
    const { tide } = this;
    const { root, context, options } = this.#plan;
    const constructed = this.#constructedOf(instance);
    // A method may be borrowed for another object.
    if (constructed === undefined || this.#isNested(instance)) return run();
    const { ctx, env } = constructed;
    const after = ctx && context(name, ctx, args);
    const call = { tide, env, context: after, run: () => this.#enter(instance, run) };
    if (name === "fetch") return asRequest(call, args[0] as RequestLike, options);
    return asRoot(
      call,
      root(name, args[0]) ?? (() => `rpc:${constructed.name}.${name}`),
      args[0],
      true,
      trace,
    );
  }

  /** Whether a method of the same instance makes the call. It is then part of that method, and no call from outside. */
  #isNested(instance: object): boolean {
    if (this.#running.has(instance)) return true;
    const current = bridgeOf(this.tide)?.current();
    return current !== undefined && this.#owners.get(current) === instance;
  }

  #enter(instance: object, run: () => unknown): unknown {
    const current = bridgeOf(this.tide)?.current();
    if (current !== undefined) this.#owners.set(current, instance);
    this.#running.add(instance);
    try {
      return run();
    } finally {
      this.#running.delete(instance);
    }
  }
}
