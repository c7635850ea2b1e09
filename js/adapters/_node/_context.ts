import type { RequestRecord } from "../../runtime/bridge.ts";

interface Emitter {
  // biome-ignore lint/suspicious/noExplicitAny: each event has arguments of its own
  emit(...args: any[]): unknown;
  listenerCount(event: unknown): number;
}

/**
 * Runs what listens to `emitter` within the request. Node emits the events of a body, and of a response, in the context
 * of the connection.
 */
export function keepContext(record: RequestRecord, emitter: object): void {
  const { emit, listenerCount } = emitter as Partial<Emitter>;
  if (emit === undefined || listenerCount === undefined) return;
  const value = function (this: Emitter, ...args: unknown[]) {
    const call = () => Reflect.apply(emit, this, args);
    const isWithin = this.listenerCount(args[0]) === 0 || record.bridge.current() === record;
    return isWithin ? call() : record.bridge.run(record, call);
  };
  Reflect.defineProperty(emitter, "emit", { value, writable: true, configurable: true });
}
