/** Measured subclasses of Cloudflare's classes. There is no Proxy: `this`, private fields, getters and RPC work as before. */
import { bridgeOf, type FlushContext } from "../runtime/bridge.ts";
import { membersOf } from "../runtime/members.ts";
import { asContext, type WaitUntil } from "../runtime/wait-until.ts";
import { asRequest, asRoot, type Handler, type InstrumentOptions } from "./_handlers.ts";
import type { RequestLike } from "./_request.ts";

// biome-ignore lint/suspicious/noExplicitAny: TypeScript asks for it of a class to be extended
export type AnyClass = new (...args: any[]) => object;

/** The arguments that an instance was constructed with. */
interface Constructed {
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

/** A class, and how its calls are measured. */
interface Target {
  readonly tide: object;
  readonly Class: AnyClass;
  readonly plan: Plan;
  /** Undefined: a method was borrowed for another object. */
  readonly constructedOf: (instance: object) => Constructed | undefined;
}

/** A subclass of `Class` that records its `fetch` as a request and every other method as a function. */
export function measuredClass<C extends AnyClass>(tide: object, Class: C, plan: Plan): C {
  const Measured = class extends Class {
    readonly #constructed: Constructed;

    // biome-ignore lint/suspicious/noExplicitAny: TypeScript asks for it
    constructor(...args: any[]) {
      super(...args);
      this.#constructed = { ctx: asContext(args[0]), env: args[1] };
    }

    static constructedOf(instance: object): Constructed | undefined {
      return #constructed in instance ? (instance as Measured).#constructed : undefined;
    }
  };
  type Measured = InstanceType<typeof Measured>;
  const { constructedOf } = Measured;
  // A static member of the user's class may have the same name.
  Reflect.deleteProperty(Measured, "constructedOf");
  for (const key of ["name", "length"] as const) {
    Object.defineProperty(Measured, key, { value: Class[key], configurable: true });
  }
  const calls = new Calls({ tide, Class, plan, constructedOf });
  for (const [name, member] of membersOf(Class.prototype)) {
    // Getters are left alone.
    if (typeof member.value !== "function") continue;
    Object.defineProperty(Measured.prototype, name, {
      value: calls.method(name),
      configurable: true,
      enumerable: false,
      writable: true,
    });
  }
  return Measured;
}

class Calls {
  readonly #target: Target;
  /** Instances that are running a handler up to its first await. */
  readonly #running = new WeakSet<object>();
  /** The instance that each request belongs to, where the runtime can tell the current request. */
  readonly #owners = new WeakMap<object, object>();

  constructor(target: Target) {
    this.#target = target;
  }

  method(name: string): Handler {
    const call = (instance: object, args: unknown[]) => this.#call(name, instance, args);
    return function (this: object, ...args: unknown[]) {
      return call(this, args);
    };
  }

  #call(name: string, instance: object, args: unknown[]): unknown {
    const { tide, Class, plan, constructedOf } = this.#target;
    // Looked up for each call, as the runtime does.
    const run = () => Reflect.apply(Reflect.get(Class.prototype, name) as Handler, instance, args);
    const constructed = constructedOf(instance);
    if (constructed === undefined || this.#isNested(instance)) return run();
    const { ctx, env } = constructed;
    const context = ctx && plan.context(name, ctx, args);
    const call = { tide, env, context, run: () => this.#enter(instance, run) };
    if (name === "fetch") return asRequest(call, args[0] as RequestLike, plan.options);
    const rpc = () => `rpc:${Class.name}.${name}`;
    return asRoot(call, plan.root(name, args[0]) ?? rpc, args[0], true);
  }

  /** Whether a method of the same instance makes the call. It is then part of that method, and no call from outside. */
  #isNested(instance: object): boolean {
    if (this.#running.has(instance)) return true;
    const current = bridgeOf(this.#target.tide)?.current();
    return current !== undefined && this.#owners.get(current) === instance;
  }

  #enter(instance: object, run: () => unknown): unknown {
    const current = bridgeOf(this.#target.tide)?.current();
    if (current !== undefined) this.#owners.set(current, instance);
    this.#running.add(instance);
    try {
      return run();
    } finally {
      this.#running.delete(instance);
    }
  }
}
