/** Open requests: what an adapter's link does. */
import { REQ, record, supplyDraw } from "./record.ts";
import { lead } from "./runtime/lease.ts";
import type { Incoming, Link, RequestRecord } from "./runtime/link.ts";
import type { WaitUntil } from "./runtime/port.ts";
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
  const { path, method, route, traceparent, frozenClock } = incoming;
  const startMs = state.now();
  const known = route ?? path;
  try {
    if (state.settings?.rng !== undefined) supplyDraw(state, core, known);
    const token = core.open(state.engineTime(startMs), known, traceparent);
    const { generation } = state;
    return { token, generation, path, method, startMs, frozenClock, attributes: new Map(), route };
  } catch (cause) {
    state.trapped(cause);
    return undefined;
  }
}

function end(state: State, request: RequestRecord, status: number | undefined, error: unknown): void {
  const { path, method, route, startMs, attributes } = request;
  const duration = measured(state.now() - startMs, request);
  const draft = {
    kind: REQ,
    name: route ?? path,
    isPath: route === undefined,
    start: startMs,
    duration,
    error,
    method,
    status,
    attributes: [...attributes],
  } as const;
  record(state, draft, request);
}

/** Every request may have to lead, an excluded one too: events that wait must not depend on who comes. */
function leadFrom(state: State, context: WaitUntil): void {
  if (state.settings?.autoTick !== true) return;
  const { flags } = state;
  if ((flags & (WAITING | DUE)) !== 0) lead(state, context, (flags & DUE) !== 0);
}
