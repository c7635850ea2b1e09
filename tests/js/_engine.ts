/** The real engine for tests: build/wasm read by fs, a simulated host, and both conservation laws. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { collectorOn } from "../../js/collector/collector.ts";
import type { OptionsSource } from "../../js/collector/options.ts";
import type { Host } from "../../js/runtime/host.ts";
import type { Collector, Counters } from "../../js/types/index.ts";
import type { InitOutput } from "../../js/wasm/generated/tidegate.js";
import { setModule } from "../../js/wasm/module.ts";

type Call = (...args: unknown[]) => unknown;
type Name = Exclude<keyof InitOutput, "memory">;

/** What tests put in place of a function of the engine, until they take it away. */
const replaced = new Map<string, (original: Call) => Call>();

/** Every instance, with functions that can be replaced: those of a real one cannot. */
WebAssembly.Instance = class extends WebAssembly.Instance {
  override get exports(): WebAssembly.Exports {
    const wrap = (name: string, original: Call): Call => {
      return (...args) => (replaced.get(name)?.(original) ?? original)(...args);
    };
    return Object.fromEntries(
      Object.entries(super.exports).map(([name, value]) => {
        return [name, typeof value === "function" ? wrap(name, value as Call) : value];
      }),
    ) as WebAssembly.Exports;
  }
};

/** The next `times` calls of a function of the engine trap, as far as the shim can tell. */
export function trapNext(
  name: Name,
  error: Error = new WebAssembly.RuntimeError("unreachable"),
  times: number = 1,
): void {
  let left = times;
  replaced.set(name, () => {
    left -= 1;
    if (left === 0) replaced.delete(name);
    return () => {
      throw error;
    };
  });
}

/** Calls of a function of the engine while `work` runs. */
export function callsOf(name: Name, work: () => void): number {
  const calls = countCalls(name);
  try {
    work();
  } finally {
    replaced.delete(name);
  }
  return calls();
}

/** Counts calls of a function of the engine from now on. */
export function countCalls(name: Name): () => number {
  let calls = 0;
  replaced.set(name, (original) => {
    calls += 1;
    return original;
  });
  return () => calls;
}

setModule(
  () => new WebAssembly.Module(readFileSync(new URL("../../build/wasm/tidegate.wasm", import.meta.url))),
);

interface Timer {
  readonly id: number;
  readonly atMs: number;
  readonly fire: () => void;
  readonly owner: string;
}

/** A host whose clock and timers move only in `advance`. Timers die with the context that set them. */
export class SimulatedHost implements Host {
  readonly kind: Host["kind"];
  nowMs = 1_700_000_000_000;
  /** For tests whose durations are not differences of `nowMs`. */
  preciseMs = 0;
  /** The request that is running: its timers die with it. */
  context = "process";
  #timers: Timer[] = [];
  #ids = 0;

  constructor(kind: Host["kind"] = "process") {
    this.kind = kind;
  }

  now(): number {
    return this.nowMs;
  }

  preciseNow(): number {
    return this.nowMs;
  }

  setTimer(fire: () => void, ms: number): unknown {
    this.#ids += 1;
    this.#timers.push({ id: this.#ids, atMs: this.nowMs + ms, fire, owner: this.context });
    return this.#ids;
  }

  clearTimer(timer: unknown): void {
    this.#timers = this.#timers.filter(({ id }) => id !== timer);
  }

  /** What calls made by the collector are answered with. */
  fetch: Host["fetch"] = () => Promise.reject(new TypeError("no network here"));

  get timers(): number {
    return this.#timers.length;
  }

  /** The context ends: its timers never fire. */
  kill(context: string): void {
    this.#timers = this.#timers.filter(({ owner }) => owner !== context);
  }

  /** Moves the clock, firing what comes due on the way in its own context. */
  async advance(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    await settle();
    for (;;) {
      const next = this.#timers
        .filter(({ atMs }) => atMs <= endMs)
        .sort((a, b) => a.atMs - b.atMs || a.id - b.id)[0];
      if (next === undefined) break;
      this.clearTimer(next.id);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      this.context = next.owner;
      next.fire();
      await settle();
    }
    this.nowMs = endMs;
  }
}

/** Lets every promise reaction that is ready run. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** Both laws, exact at every moment. */
export function assertLaws(tide: Collector): Counters {
  const counters = tide.counters();
  const { emitted, accepted, sampledOut, excluded, refused, pending } = counters;
  assert.equal(emitted, accepted + sampledOut + excluded + refused + pending, "the collector's law");
  const reasons = Object.values(counters.refusedBy).reduce((sum, count) => sum + count, 0);
  assert.equal(refused, reasons, "refused, by reason");
  for (const sink of counters.sinks) {
    const dropped = Object.values(sink.dropped).reduce((sum, count) => sum + count, 0);
    assert.equal(
      sink.accepted,
      sink.delivered + sink.queued + sink.inFlight + dropped,
      `the law of ${sink.name}`,
    );
  }
  return counters;
}

/** A collector on a simulated host. */
export function simulated(
  options: OptionsSource,
  kind?: Host["kind"],
): { tide: Collector; host: SimulatedHost } {
  const host = new SimulatedHost(kind);
  return { host, tide: collectorOn(host, options) };
}
