/** Wires a collector: state, run loop, requests, and the public methods over them. */
import { emptyStats } from "./empty.ts";
import { flush } from "./pump.ts";
import { DB, EVT, entriesOf, FN, REQ, record, recordRequest } from "./record.ts";
import { RequestIndex } from "./request-index.ts";
import { linkFor } from "./requests.ts";
import { systemPort } from "./runtime/clock.ts";
import { LINK, type RequestRecord } from "./runtime/link.ts";
import type { Port } from "./runtime/port.ts";
import { scopeOf } from "./scope.ts";
import { type OptionsSource, State } from "./state.ts";
import type { Collector, CollectorOptions, FlushResult } from "./types.ts";

/** What a Worker has open at once, and some that are over but still have work under way. */
const YOUNG_REQUESTS = 64;
const KINDS: Readonly<Record<string, 0 | 1 | 2 | 3>> = { REQ, FN, DB, EVT };

/**
 * Makes a collector. Pure: nothing is seeded, armed or sent before the first event.
 *
 * Bad options throw a `TidegateError` whose code is stable and whose message names the option. A function is
 * called with the environment, by `configure(env)`; if it fails, the collector is inert and `error` says why.
 *
 * @example
 * const tide = createCollector({ sinks: [ndjson({ url: "https://example.com/events" })] });
 */
export function createCollector<E = unknown>(
  options: CollectorOptions | ((env: E) => CollectorOptions),
): Collector {
  try {
    return collectorOn(systemPort(), options as OptionsSource);
  } catch (error) {
    // A stack has ten lines. Those inside of the package would fill them, and the caller's would not be shown.
    (Error as StackCapture).captureStackTrace?.(error, createCollector);
    throw error;
  }
}

/** V8 and JavaScriptCore have it. */
interface StackCapture {
  captureStackTrace?(error: unknown, above: unknown): void;
}

/** As `createCollector`, on a host of the caller's: a simulated one in tests. @internal */
export function collectorOn(port: Port, options: OptionsSource): Collector {
  const state = new State(options, port);
  const requests = new RequestIndex(port.kind === "workers" ? YOUNG_REQUESTS : 0);
  const { route: _route, set: _set, ...events } = scopeOf(state, () => currentOf(state));
  const close = (timeoutMs?: number) => closeOf(state, timeoutMs);
  state.exitHooks = {
    handleSignals: state.settings?.handleSignals ?? true,
    flush: () => flush(state, state.flushDeadlineMs),
    close,
  };
  return {
    ...events,
    [LINK]: linkFor(state, requests),
    req: (route, method, status, startMs, durationMs, error) =>
      recordRequest(state, route, method, status, startMs, durationMs, error),
    enqueue: (event) => enqueue(state, event),
    scope: (request) => {
      let known: RequestRecord | undefined;
      const find = () => {
        known = requests.find(request) ?? known;
        return known;
      };
      return scopeOf(state, find);
    },
    tick: (nowMs) => tick(state, nowMs),
    flush: async (given) => flushOf(state, budget(given, "deadlineMs")),
    close: async (given) => close(budget(given, "timeoutMs")),
    configure: (env) => state.configure(env),
    get queueDepth() {
      return state.read(0, (engine) => engine.queueDepth());
    },
    counters: () => state.counters(),
    stats: () => {
      const nowMs = state.engineNow();
      return state.read(emptyStats(), (engine) => engine.stats(nowMs));
    },
    metricsText: () => {
      const nowMs = state.engineNow();
      return state.read("", (engine) => engine.metricsText(nowMs));
    },
    get error() {
      return state.error;
    },
    on: (type, listener) => state.board.on(type, listener),
  } as Collector;
}

function enqueue(state: State, event: unknown): void {
  try {
    const given = event as Record<string, unknown>;
    const { route, name, statement, method, status, durationMs, error, system, rows, traceparent } = given;
    const kind = KINDS[String(given["kind"])] ?? EVT;
    const known = Object.hasOwn(KINDS, String(given["kind"]));
    const attributes = entriesOf(given["attributes"]) ?? [];
    const start = given["startMs"] ?? (kind === EVT ? state.now() : undefined);
    // Of an unknown kind: an event without a usable name, which is refused.
    const named = [route, name, statement, name][kind];
    const details = { duration: durationMs, error, method, status, system, rows, traceparent, attributes };
    const request = kind === REQ || typeof traceparent === "string" ? undefined : currentOf(state);
    record(state, { ...details, kind, name: known ? named : undefined, start }, request);
  } catch {
    // Not an object, or one whose getters throw.
    record(state, { kind: EVT, name: undefined, start: undefined });
  }
}

function tick(state: State, nowMs: unknown): number | null {
  state.tick(typeof nowMs === "number" ? nowMs : undefined);
  void state.drain();
  state.rearm();
  const next = state.nextDeadline();
  return Number.isNaN(next) ? null : next;
}

async function flushOf(state: State, deadlineMs: number | undefined): Promise<FlushResult> {
  const result = await flush(state, deadlineMs ?? state.flushDeadlineMs);
  state.rearm();
  return result;
}

/** Idempotent without a shared promise: each call watches the engine by itself. */
async function closeOf(state: State, timeoutMs: number | undefined): Promise<FlushResult> {
  state.closing();
  const before = state.totals();
  const budgetMs = timeoutMs ?? state.closeTimeoutMs;
  const result = await flush(state, budgetMs);
  state.closed();
  // What close gave up on counts as dropped by it.
  const after = state.totals();
  return { ...result, remaining: after.remaining, dropped: Math.max(after.dropped - before.dropped, 0) };
}

/** The number under `name`, if it is a budget: finite or not, but not negative and not NaN. */
function budget(given: unknown, name: string): number | undefined {
  try {
    const ms = (given as Record<string, unknown> | undefined)?.[name];
    return typeof ms === "number" && ms >= 0 ? ms : undefined;
  } catch {
    return undefined;
  }
}

function currentOf(state: State): RequestRecord | undefined {
  return state.context.current() as RequestRecord | undefined;
}
