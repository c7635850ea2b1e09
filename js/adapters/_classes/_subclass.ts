/** Measured subclasses of Cloudflare's classes. There is no Proxy: `this`, private fields, getters and RPC work as before. */
import { MEASURED_METHODS } from "../../runtime/rpc-trace.ts";
import { asContext } from "../../runtime/wait-until.ts";
import { Calls, type Constructed, type Plan } from "./_calls.ts";
import { measuredNames, measureMethods, ownMethods } from "./_methods.ts";

// biome-ignore lint/suspicious/noExplicitAny: TypeScript asks for it of a class to be extended
export type AnyClass = new (...args: any[]) => object;

/** A subclass of `Class` that records its `fetch` as a request and every other method of its own as a function. */
export function measuredClass<C extends AnyClass>(tide: object, Class: C, plan: Plan): C {
  const Measured = class extends Class {
    readonly #constructed: Constructed;

    // biome-ignore lint/suspicious/noExplicitAny: TypeScript asks for it
    constructor(...args: any[]) {
      super(...args);
      const { name, prototype } = new.target;
      this.#constructed = { name, ctx: asContext(args[0]), env: args[1] };
      measureFrom(prototype as object);
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
  const copies = ownMethods(Class.prototype);
  // A framework that asks whether a class has a method of its own asks the nearest prototype.
  for (const [name, member] of copies) Object.defineProperty(Measured.prototype, name, member);
  // Asked for by `tide.binding` of a caller in another Worker.
  Object.defineProperty(Measured.prototype, MEASURED_METHODS, {
    get(this: object) {
      return measuredNames(this);
    },
  });
  const calls = new Calls(tide, plan, constructedOf);
  const seen = new WeakSet<object>();
  /** From the class that was constructed, which may extend the measured one, down to it. */
  const measureFrom = (prototype: object | null): void => {
    if (prototype === null || seen.has(prototype)) return;
    seen.add(prototype);
    const isLast = prototype === Measured.prototype;
    measureMethods(calls, prototype, (name, value) => {
      const isCopy = isLast && copies.get(name)?.value === value;
      // Looked up for each call, as the runtime does.
      return isCopy ? Reflect.get(Class.prototype, name) : value;
    });
    if (!isLast) measureFrom(Object.getPrototypeOf(prototype));
  };
  return Measured;
}
