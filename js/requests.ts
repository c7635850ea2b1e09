/** Open requests: what an adapter's link does. */
import { flush } from "./pump.ts";
import { FN, REQ, record, supplyDraw } from "./record.ts";
import { lead } from "./runtime/lease.ts";
import type { Context, Incoming, Link, RequestRecord } from "./runtime/link.ts";
import { measured } from "./scope.ts";
import { DUE, type State, WAITING } from "./state.ts";

/** The records of requests by their Request object: they go when it goes. */
export type Requests = WeakMap<object, RequestRecord>;

export function linkFor(state: State, requests: Requests): Link {
  return {
    configure: (env) => state.configure(env),
    open(incoming) {
      const opened = open(state, incoming);
      if (opened !== undefined) requests.set(incoming.request, opened);
      return opened;
    },
    run: (request, work) => (request === undefined ? work() : state.context.run(request, work)),
    current: () => state.context.current() as RequestRecord | undefined,
    end(request, status, error, context) {
      if (request === undefined) state.refused += 1;
      else end(state, request, status, error);
      if (context !== undefined) leadFrom(state, context);
    },
    leaving(now) {
      state.leaving = now;
    },
  };
}

function open(state: State, incoming: Incoming): RequestRecord | undefined {
  const core = state.core();
  if (core === undefined) return undefined;
  const { path, method, route, traceparent, tracestate, frozenClock } = incoming;
  const startMs = state.now();
  const known = route ?? path;
  try {
    const isRequest = method !== undefined;
    if (state.settings?.rng !== undefined) supplyDraw(state, core, isRequest ? known : undefined);
    const nowMs = state.engineTime(startMs);
    const token = isRequest ? core.open(nowMs, known, traceparent) : core.openRoot(nowMs);
    const { generation } = state;
    const headers = { traceparent, tracestate };
    return {
      token,
      generation,
      path,
      method,
      startMs,
      frozenClock,
      ...headers,
      attributes: new Map(),
      route,
    };
  } catch (cause) {
    state.trapped(cause);
    return undefined;
  }
}

function end(state: State, request: RequestRecord, status: number | undefined, error: unknown): void {
  const { path, method, route, startMs, attributes } = request;
  const duration = measured(state.now() - startMs, request);
  const ended = { name: route ?? path, start: startMs, duration, error, attributes: [...attributes] };
  const asRequest = { kind: REQ, isPath: route === undefined, method, status } as const;
  record(state, { ...ended, ...(method === undefined ? { kind: FN } : asRequest) }, request, true);
}

/** Every request may have to lead, an excluded one too: events that wait must not depend on who comes. */
function leadFrom(state: State, context: Context): void {
  if (state.settings?.autoTick !== true) return;
  const { flags } = state;
  if ((flags & (WAITING | DUE)) === 0) return;
  if (context.isLast === true) sendAll(state, context);
  else lead(state, context, (flags & DUE) !== 0, context.isBrief === true ? state.stepMs : undefined);
}

function sendAll(state: State, context: Context): void {
  try {
    context.waitUntil(flush(state, state.flushDeadlineMs));
  } catch {
    // No context that takes work: the next handler tries.
  }
}
