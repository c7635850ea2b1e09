/** The public methods of a collector, over its parts. */
import { flush } from "../delivery/flush.ts";
import { drain } from "../delivery/run-loop.ts";
import { Metrics } from "../recording/metrics.ts";
import { recordRequest } from "../recording/record-request.ts";
import { RequestIndex } from "../recording/request-index.ts";
import { scopeOf } from "../recording/scope.ts";
import { innermost } from "../recording/spans.ts";
import { optionalText } from "../recording/values.ts";
import { BRIDGE, type Place } from "../runtime/bridge.ts";
import type { Host } from "../runtime/host.ts";
import { memberOf, optionOf } from "../runtime/members.ts";
import type { Collector, FlushResult } from "../types/collector.ts";
import type { Counters } from "../types/counters.ts";
import type { TextOptions } from "../types/metrics.ts";
import type { Timeline } from "../types/stats.ts";
import { seriesText, timelineOf } from "../wasm/timeline.ts";
import { bridgeFor, placeOf } from "./bridge.ts";
import { EarlyRequests } from "./early-requests.ts";
import { emptyCounters, emptyStats, emptyTimeline } from "./empty.ts";
import type { CollectorEngine } from "./engine.ts";
import { enqueue } from "./enqueue.ts";
import { Lead } from "./lead.ts";
import type { OptionsSource } from "./options.ts";
import { Pump } from "./pump.ts";
import { State, type StateHooks } from "./state.ts";

/** The open requests of a Worker, and some that are over but still have work to do. */
const YOUNG_REQUESTS = 64;

/** A collector on the given host. Throws TidegateError for bad options. */
export function collectorOn(host: Host, options: OptionsSource): Collector {
  const hooks: StateHooks = {
    onStart: () => early.record(),
    onTimer: () => void pump.sendDue(),
    onLateWork: (flags, nowMs, place) => lead.late(flags, nowMs, place),
    get handleSignals() {
      return state.settings?.handleSignals ?? true;
    },
    flush: () => flush(pump, pump.limits.flushDeadlineMs),
    close: () => closeOf(pump, undefined),
  };
  const state: State = new State(options, host, hooks);
  const pump = new Pump(state);
  const lead = new Lead(state, pump);
  const early = new EarlyRequests(state, lead);
  const requests = new RequestIndex(host.kind === "workers" ? YOUNG_REQUESTS : 0);
  const own = scopeOf(state, () => placeOf(state));
  // One by one: a rest would call the getters.
  const { time, query, fetch, d1, binding, fn, db, evt, recordException } = own;
  const metrics = new Metrics(state, () => placeOf(state));
  return {
    time,
    query,
    fetch,
    d1,
    binding,
    fn,
    db,
    evt,
    recordException,
    [BRIDGE]: bridgeFor(state, lead, early, requests),
    req: (route, method, status, startMs, durationMs, error) =>
      recordRequest(state, route, method, status, startMs, durationMs, error),
    enqueue: (event) => enqueue(state, event),
    scope: (request) => {
      const find = finder(state, requests, request);
      return scopeOf(state, () => innermost(state, find()));
    },
    get traceId() {
      return own.traceId;
    },
    get spanId() {
      return own.spanId;
    },
    get traceparent() {
      return own.traceparent;
    },
    tick: (nowMs) => tick(state, pump, nowMs),
    flush: async (given) => {
      const result = await flush(pump, budgetOf(given, "deadlineMs") ?? pump.limits.flushDeadlineMs);
      state.rearm();
      return result;
    },
    close: async (given) => closeOf(pump, budgetOf(given, "timeoutMs")),
    configure: (env) => state.configure(env),
    get queueDepth() {
      return state.engine.read(0, (engine) => engine.queueDepth());
    },
    counters: () => countersOf(state, pump),
    stats: () => {
      pump.expireLeases();
      return state.engine.figure("stats", emptyStats());
    },
    timeline: (series) => {
      pump.expireLeases();
      return timelineFor(state.engine, series);
    },
    exceptions: () => state.engine.figure("exceptions", []),
    counter: (name, options) => metrics.instrument(0, name, options),
    gauge: (name, options) => metrics.instrument(1, name, options),
    histogram: (name, options) => metrics.instrument(2, name, options),
    metrics: () => state.engine.figure("metrics", []),
    metricsText: (given) => {
      state.engine.countRequests();
      pump.expireLeases();
      return state.engine.figure("metricsText", "", textOptionsOf(given));
    },
    get service() {
      return state.settings?.service ?? {};
    },
    get error() {
      return state.engine.error;
    },
    on: (type, listener) => state.board.on(type, listener),
  } as Collector;
}

/**
 * Looks the request up for each event, and keeps what it found: the index forgets requests that are over, and a request
 * that is over its context.
 */
function finder(state: State, requests: RequestIndex, given: object): () => Place | undefined {
  let found: Place | undefined;
  let key: object = given;
  const find = () => {
    const record =
      found?.record === undefined ? (requests.find(given) ?? requests.findWithin(given)) : requests.find(key);
    if (record !== undefined && record !== found?.record) {
      key = record.request ?? given;
      found = { record, context: record.context, span: undefined };
    }
    return found;
  };
  if (find() === undefined && state.isReady()) {
    state.log.warnOnce("tide.scope was given no request that is measured: what it records stands alone");
  }
  return find;
}

function tick(state: State, pump: Pump, nowMs: unknown): number | null {
  pump.tick(typeof nowMs === "number" ? nowMs : undefined);
  void drain(pump);
  state.rearm();
  const nextMs = state.nextDeadline();
  return Number.isNaN(nextMs) ? null : nextMs;
}

/** May be called again, also meanwhile: each call watches the engine by itself, and no promise is shared. */
async function closeOf(pump: Pump, timeoutMs: number | undefined): Promise<FlushResult> {
  pump.startClose();
  const before = pump.totals();
  const flushed = flush(pump, timeoutMs ?? pump.limits.closeTimeoutMs);
  // A loop that makes and closes collectors without a pause would run out of memory before anything after an await.
  if (!pump.isFlushing()) pump.finishClose();
  const result = await flushed;
  pump.finishClose();
  // Events that the close has given up count as dropped by it.
  const after = pump.totals();
  return { ...result, remaining: after.remaining, dropped: Math.max(after.dropped - before.dropped, 0) };
}

function countersOf(state: State, pump: Pump): Counters {
  pump.expireLeases();
  const counted = state.engine.figure("counters", emptyCounters());
  const { closed, unconfigured, core } = state.engine.refused;
  const { refusedBy } = counted;
  const more = closed + unconfigured + core;
  const { lostMeasures } = state.engine;
  const metrics = { ...counted.metrics, refused: counted.metrics.refused + lostMeasures };
  return {
    ...counted,
    emitted: counted.emitted + more,
    refused: counted.refused + more,
    refusedBy: { ...refusedBy, closed: refusedBy.closed + closed, unconfigured, core },
    metrics,
  };
}

/** Of all requests without a `given` series. One whose kind is none has no events. */
function timelineFor(engine: CollectorEngine, given: unknown): Timeline {
  const empty = emptyTimeline(engine.clock.now());
  if (given === undefined || given === null) return engine.figure("timeline", empty);
  const [kind = "", name = ""] = ["kind", "name"].map((key) => optionalText(optionOf(given, key)));
  const nowMs = engine.clock.engineNow();
  return engine.read(empty, (core) => timelineOf(core.timeline(nowMs, seriesText(kind, name))));
}

function textOptionsOf(given: unknown): TextOptions {
  try {
    const [openMetrics, perIsolate] = ["openMetrics", "perIsolate"].map(
      (name) => memberOf(given, name) === true,
    );
    return { openMetrics, perIsolate } as TextOptions;
  } catch {
    return {};
  }
}

/** The number under `name`, unless it is negative or NaN. */
function budgetOf(given: unknown, name: string): number | undefined {
  try {
    const ms = memberOf(given, name);
    return typeof ms === "number" && ms >= 0 ? ms : undefined;
  } catch {
    return undefined;
  }
}
