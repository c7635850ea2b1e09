import type { RequestRecord } from "../../runtime/bridge.ts";

// biome-ignore lint/suspicious/noExplicitAny: each event has arguments of its own
type Emit = (...args: any[]) => unknown;

/**
 * Runs what listens to `emitter` within the request. Node emits the events of a body, and of a response, in the context
 * of the connection.
 */
export function keepContext(record: RequestRecord, emitter: object): void {
  const { emit } = emitter as { readonly emit?: Emit };
  if (typeof emit !== "function") return;
  const value = function (this: unknown, ...args: unknown[]) {
    const call = () => Reflect.apply(emit, this, args);
    return record.bridge.current() === record ? call() : record.bridge.run(record, call);
  };
  Reflect.defineProperty(emitter, "emit", { value, writable: true, configurable: true });
}
