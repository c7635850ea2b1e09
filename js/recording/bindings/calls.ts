/** The calls of a binding: how each is made, and what is recorded of it. */
import type { Place } from "../../runtime/bridge.ts";
import { memberOf } from "../../runtime/members.ts";
import { FN } from "../events.ts";
import { type KnownEvent, spanOf } from "../outgoing.ts";
import type { RecordingHost } from "../recording-host.ts";
import { type BindingCall, callBare, callTraced } from "./traced.ts";

/** What names a `fetch` over HTTP, and no other method of that name. */
const URL_START = /^\w+:\/\//;

/** A `fetch` with more arguments is a handler's. */
export function isFetch({ path, args: [input, , ...more] }: BindingCall): boolean {
  if (path !== "fetch" || more.length > 0) return false;
  return typeof input === "object" || (typeof input === "string" && URL_START.test(input));
}

/** The `fetch` of a binding. */
export function fetchOf(call: BindingCall): (input: unknown, init: unknown) => unknown {
  return (...args) => callBare({ ...call, args: args[1] === undefined ? args.slice(0, 1) : args });
}

/** How a method is called, and what is recorded of it. `name`: that of the binding. `propagate`: it carries the trace. */
export function describeRpc(
  host: RecordingHost,
  place: Place | undefined,
  name: string,
  call: BindingCall,
  propagate: boolean,
): { readonly known: KnownEvent; readonly work: () => unknown } {
  const { path } = call;
  // A method of a property's is one of another class.
  const span = propagate && !path.includes(".") ? spanOf(host, place) : undefined;
  // A function that is measured itself has no method.
  const method = path || name;
  const attributes = [
    ["rpc.service", name],
    ["rpc.method", method],
  ] as const;
  return {
    known: {
      kind: FN,
      name: `rpc:${path && `${name}.`}${method}`,
      attributes,
      span: span?.traceparent,
    },
    work: () => (span ? callTraced(call, span, name, host) : callBare(call)),
  };
}

/** Getters of the user's may throw. Options that cannot be read are left out. */
export function bindingOptions(given: unknown): {
  propagate: boolean;
  methods: readonly string[] | undefined;
} {
  try {
    const methods = memberOf(given, "methods");
    const isList = Array.isArray(methods);
    return { propagate: memberOf(given, "propagate") === true, methods: isList ? [...methods] : undefined };
  } catch {
    return { propagate: false, methods: undefined };
  }
}
