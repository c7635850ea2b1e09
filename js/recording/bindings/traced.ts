/** RPC calls that carry a trace. Whether the other end takes it off is asked first. */
import type { Clock } from "../../runtime/host.ts";
import { MEASURED_METHODS, type TraceHeaders, traceArgument } from "../../runtime/rpc-trace.ts";
import { thenOf } from "../../runtime/thenable.ts";
import type { RpcStubClass } from "../../runtime/wait-until.ts";

/** A call of one method of a binding. */
export interface BindingCall {
  /** Its name, or names: `"method"`, `"property.method"`. Empty: the binding itself is called. */
  readonly path: string;
  // biome-ignore lint/complexity/noBannedTypes: any method
  readonly method: Function;
  /** What it is a method of. */
  readonly on: unknown;
  readonly args: readonly unknown[];
  /** What every stub of the same class has in common. */
  readonly key: object;
}

/** What is known of the other end of a binding. */
interface Known {
  readonly methods: readonly string[];
  readonly untilMs: number;
}

const known = new WeakMap<object, Known>();
/** For so long the other end is taken to be the one that answered: another version may have been deployed. */
const KNOWN_MS = 60_000;
const NONE: readonly string[] = [];

export function callBare({ method, on, args }: BindingCall): unknown {
  return Reflect.apply(method, on, args);
}

/** What a traced call needs of the collector. */
export interface TraceHost {
  readonly clock: Clock;
  readonly RpcStub: RpcStubClass | undefined;
  warn(message: string): void;
}

/**
 * Makes the call, with the trace if the other end is known to take it off. If that is not known it is asked, and the
 * call waits for the answer in a local stub. Without `RpcStub` it does not wait, and has no trace.
 */
export function callTraced(call: BindingCall, trace: TraceHeaders, name: string, host: TraceHost): unknown {
  const { clock, RpcStub } = host;
  const send = (methods: readonly string[], args = call.args) =>
    callBare({ ...call, args: methods.includes(call.path) ? [...args, traceArgument(trace)] : args });
  const found = known.get(call.key);
  if (found !== undefined && clock.now() < found.untilMs) return send(found.methods);
  const asked = listOf(call.on);
  if (thenOf(asked) === undefined) return send(methodsIn(asked));
  if (RpcStub === undefined) {
    void ask(call.key, asked, name, host);
    return send(NONE);
  }
  const waiting = new RpcStub(async (...args) => send(await ask(call.key, asked, name, host), args));
  return waiting(...call.args);
}

function listOf(binding: unknown): unknown {
  try {
    return Reflect.get(binding as object, MEASURED_METHODS);
  } catch {
    return undefined;
  }
}

function methodsIn(answer: unknown): readonly string[] {
  return Array.isArray(answer) ? answer : NONE;
}

/** Never rejects. Each call asks for itself: a promise of another request could stay pending for ever. */
async function ask(
  key: object,
  asked: unknown,
  name: string,
  { clock, warn }: TraceHost,
): Promise<readonly string[]> {
  try {
    const methods = methodsIn(await asked);
    known.set(key, { methods, untilMs: clock.now() + KNOWN_MS });
    return methods;
  } catch (error) {
    // Any other error says nothing of the class: the next call asks again.
    const isUnmeasured = String((error as Error | null)?.message).includes("does not implement");
    if (isUnmeasured && !known.has(key)) {
      warn(
        `the binding ${JSON.stringify(name)} carries no trace, since its other end is not measured; ` +
          "measure its class by instrumentEntrypoint or instrumentDurableObject, or leave out propagate",
      );
    }
    if (isUnmeasured) known.set(key, { methods: NONE, untilMs: Number.POSITIVE_INFINITY });
    return NONE;
  }
}
