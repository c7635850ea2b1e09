/** Measured subclasses of Cloudflare's classes: no Proxy, so `this`, private fields, getters and RPC are the user's. */
import { type Context, linkOf } from "../runtime/link.ts";
import type { WaitUntil } from "../runtime/port.ts";
import { asRequest, asRoot, type Handler, type InstrumentOptions } from "./_handlers.ts";
import type { RequestLike } from "./_request.ts";

// biome-ignore lint/suspicious/noExplicitAny: TypeScript asks for it of a class to be extended
export type AnyClass = new (...args: any[]) => object;

/** What an instance was constructed with. */
interface Host {
  readonly ctx: Partial<WaitUntil> | undefined;
  readonly env: unknown;
}

/** What differs between the classes. */
export interface Plan {
  /** What a handler is called that is no RPC method; undefined: it is one. */
  root(handler: string, first: unknown): (() => string) | undefined;
  /** Where flushing goes on after `handler`. */
  context(handler: string, ctx: WaitUntil): Context;
  readonly options: InstrumentOptions | undefined;
}

/** A subclass of `Class` that records its `fetch` as a request and every other method as a function. */
export function measuredClass<C extends AnyClass>(tide: object, Class: C, plan: Plan): C {
  const Measured = class extends Class {
    readonly #host: Host;

    // biome-ignore lint/suspicious/noExplicitAny: TypeScript asks for it
    constructor(...args: any[]) {
      super(...args);
      this.#host = { ctx: args[0], env: args[1] };
    }

    /** Undefined of an object that a method was borrowed for. */
    static hostOf(instance: object): Host | undefined {
      return #host in instance ? (instance as Measured).#host : undefined;
    }
  };
  type Measured = InstanceType<typeof Measured>;
  const { hostOf } = Measured;
  // A static member of the user's class may have this name.
  Reflect.deleteProperty(Measured, "hostOf");
  for (const key of ["name", "length"] as const) {
    Object.defineProperty(Measured, key, { value: Class[key], configurable: true });
  }
  const calls = new Calls(tide, Class, plan, hostOf);
  for (const name of methodsOf(Class)) {
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
  readonly #tide: object;
  readonly #class: AnyClass;
  readonly #plan: Plan;
  readonly #hostOf: (instance: object) => Host | undefined;
  /** Instances that are running a handler up to its first await. */
  readonly #running = new WeakSet<object>();
  /** The requests of each instance, where the runtime can tell which one a call belongs to. */
  readonly #owners = new WeakMap<object, object>();

  constructor(tide: object, Class: AnyClass, plan: Plan, hostOf: (instance: object) => Host | undefined) {
    this.#tide = tide;
    this.#class = Class;
    this.#plan = plan;
    this.#hostOf = hostOf;
  }

  method(name: string): Handler {
    const { [name]: method } = {
      [name]: (instance: object, args: unknown[]) => this.#call(name, instance, args),
    };
    return function (this: object, ...args: unknown[]) {
      return method?.(this, args);
    };
  }

  #call(name: string, instance: object, args: unknown[]): unknown {
    // Looked up each time, like the runtime does.
    const run = () => Reflect.apply(Reflect.get(this.#class.prototype, name) as Handler, instance, args);
    const host = this.#hostOf(instance);
    if (host === undefined || this.#isNested(instance)) return run();
    const ctx = typeof host.ctx?.waitUntil === "function" ? (host.ctx as WaitUntil) : undefined;
    const context = ctx && this.#plan.context(name, ctx);
    const call = { tide: this.#tide, env: host.env, context, run: () => this.#enter(instance, run) };
    if (name === "fetch") return asRequest(call, args[0] as RequestLike, this.#plan.options);
    const rpc = () => `rpc:${this.#class.name}.${name}`;
    return asRoot(call, this.#plan.root(name, args[0]) ?? rpc, args[0]);
  }

  /** A method that another one of the same instance calls is part of it, and no call from outside. */
  #isNested(instance: object): boolean {
    if (this.#running.has(instance)) return true;
    const current = linkOf(this.#tide)?.current();
    return current !== undefined && this.#owners.get(current) === instance;
  }

  #enter(instance: object, run: () => unknown): unknown {
    const current = linkOf(this.#tide)?.current();
    if (current !== undefined) this.#owners.set(current, instance);
    this.#running.add(instance);
    try {
      return run();
    } finally {
      this.#running.delete(instance);
    }
  }
}

/** Methods up the prototypes; getters stay what they are. */
function methodsOf(Class: AnyClass): Set<string> {
  const names = new Set<string>();
  for (let at: object | null = Class.prototype; at !== null && at !== Object.prototype; ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (name !== "constructor" && typeof value === "function") names.add(name);
    }
    at = Object.getPrototypeOf(at);
  }
  return names;
}
