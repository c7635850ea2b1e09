// What every entry declares, compiled by the oldest and the newest TypeScript, with the types of each host and with none.
import { type Collector, consoleSink, createCollector, memorySink, ndjson, otlp } from "tidegate";
import module from "tidegate/core.wasm";
import { measure, withTide } from "tidegate/fetch";
import { tidegate } from "tidegate/hono";
import { Hub, hub, hubHandler, hubSource, hubStats } from "tidegate/hub";
import { initWasm } from "tidegate/manual";
import { errorMiddleware, listener, middleware } from "tidegate/node";
import { makeRng } from "tidegate/sampling";
import { StatsStore } from "tidegate/stats";
import { instrument, instrumentDurableObject } from "tidegate/workers";
import "tidegate/browser";

const sinks = [
  ndjson({ url: "http://x" }),
  ...[otlp({ url: "http://x" })].flat(),
  consoleSink(),
  memorySink(),
];
const tide: Collector = createCollector({
  service: { name: "shop" },
  sinks: [
    ...sinks,
    { name: "mine", format: "ndjson", send: (_bytes, { signal }) => (signal.aborted ? "retry" : "ok") },
  ],
});

export class TideHub extends Hub {
  override options(): { alarms: { kind: "errors"; threshold: number }[] } {
    return { alarms: [{ kind: "errors", threshold: 5 }] };
  }
}
const namespace = {
  idFromName: (name: string) => name,
  get: (_: unknown) => ({ fetch: () => Promise.resolve() }),
};
export const pushing: Collector = createCollector({
  sinks: [hub(namespace, { shards: 2 }), hub({ url: "http://x", token: "t" })],
});
export const handler: (request: never) => Promise<unknown> = hubHandler(namespace, { token: "t" });
export const views: Promise<number> = hubSource(namespace)
  .view()
  .then(({ stats }) => stats.count);
export const rps: Promise<number> = hubStats(namespace).then((stats) => stats.rps);

class CounterBase {
  constructor(
    readonly ctx: object,
    readonly env: object,
  ) {}
  add(n: number): number {
    return n;
  }
}
export class Counter extends instrumentDurableObject(tide, CounterBase) {}
export const sum: number = new Counter({}, {}).add(1);

const session = { prepare: (_: string) => ({}), batch: (_: unknown[]) => Promise.resolve([]) };
export const same: typeof session = tide.d1(session);
export const bytes: Uint8Array = new StatsStore().toBytes();
export const draw: number = makeRng({ seed: 1 })();
export const text: Promise<string> = tide.time("work", async () => "text");
export const handlers = [withTide(tide, () => 1), instrument(tide, { fetch() {} }), listener, tidegate];
initWasm(module);
initWasm(bytes);
export const awaited: Promise<string> = measure(tide, {}, async () => "text", {
  flush: "await",
  route: null,
});
export const given: number = measure(tide, {}, () => 1, { route: "/a", attributes: () => ({ one: 1 }) });
export const last = [errorMiddleware(tide), middleware(tide, { attributes: ({ url }) => ({ url }) })];
