/**
 * A binding whose calls are measured: a service binding, a Durable Object, KV, R2, a queue, any object by its methods.
 *
 * It is a Proxy, since the methods of an RPC stub cannot be listed. Everything but a measured call is done by the
 * binding itself, on itself: a native object works with no other `this`.
 */
import { MEASURED_METHODS } from "../../runtime/rpc-trace.ts";
import type { BindingCall } from "./traced.ts";

/** How the members of a binding are measured. */
interface Plan {
  readonly key: object;
  readonly run: (call: BindingCall) => unknown;
  /** Undefined: all methods. */
  readonly methods: readonly string[] | undefined;
}

/** By measured object: the object itself. */
const originals = new WeakMap<object, object>();

/** What every thenable and every stub has of its own. */
const LOCAL = ["then", "catch", "finally", "dup"];

/** `run` makes and records each call of one of `methods`. */
export function measuredBinding<T>(
  binding: T,
  run: Plan["run"],
  methods: readonly string[] | undefined,
  key: object = binding as object,
): T {
  if (!isObject(binding)) return binding;
  const plan = { key, run, methods };
  return (isNamespace(binding) ? measuredNamespace(binding, plan) : measuredMember(binding, "", plan)) as T;
}

/** `path` undefined: calls of `target`, and of its members, are not measured. */
function measuredMember(
  target: object,
  path: string | undefined,
  plan: Plan,
  owner?: object,
  done: (result: unknown) => unknown = (result) => result,
): object {
  const proxy = new Proxy(target, {
    get(_, key, receiver) {
      const value: unknown = Reflect.get(target, key, bare(receiver));
      if (typeof value !== "function" || key === "constructor" || isFixed(target, key)) return value;
      return measuredMember(value, pathOf(path, key), plan, target, done);
    },
    set: (_, key, value, receiver) => Reflect.set(target, key, value, bare(receiver)),
    apply(_, self, given: unknown[]) {
      const [method, on, args] = [target as BindingCall["method"], bare(self) ?? owner, given.map(bare)];
      if (path === undefined || plan.methods?.includes(path) === false)
        return done(Reflect.apply(method, on, args));
      return plan.run({ path, method, on, args, key: plan.key });
    },
  });
  originals.set(proxy, target);
  return proxy;
}

/** Its methods make ids and stubs, and call nothing. */
function measuredNamespace(namespace: object, plan: Plan): object {
  return measuredMember(namespace, undefined, plan, undefined, (result) =>
    isNamespace(result) || isMethod(result, "fetch")
      ? measuredBinding(result, plan.run, plan.methods, plan.key)
      : result,
  );
}

function pathOf(path: string | undefined, key: string | symbol): string | undefined {
  if (path === undefined || typeof key === "symbol" || LOCAL.includes(key)) return undefined;
  if (key in (path === "" ? Object : Function).prototype) return undefined;
  return path === "" ? key : `${path}.${key}`;
}

/** A stub has a method of any name. */
function isNamespace(value: unknown): boolean {
  return isMethod(value, "idFromName") && !isMethod(value, MEASURED_METHODS);
}

/** Getters of the user's may throw. */
function isMethod(of: unknown, name: string): boolean {
  try {
    return isObject(of) && typeof Reflect.get(of, name) === "function";
  } catch {
    return false;
  }
}

/** A Proxy must give a property that cannot change as it is. */
function isFixed(target: object, key: string | symbol): boolean {
  const own = Reflect.getOwnPropertyDescriptor(target, key);
  return own?.configurable === false && own.writable === false;
}

/** A binding itself is what a callee, and a native method, can take. */
function bare(value: unknown): unknown {
  return isObject(value) ? (originals.get(value) ?? value) : value;
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
