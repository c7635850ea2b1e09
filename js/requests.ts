/** Open requests: what an adapter's link does. */
import { flush } from "./pump.ts";
import { type Draft, FN, REQ, record, recordRequest } from "./record.ts";
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

/** Nothing crosses into the core until something needs the request to be open there. */
function open(state: State, incoming: Incoming): RequestRecord | undefined {
  if (!state.isReady()) return undefined;
  const { path, method, route, traceparent, tracestate, frozenClock } = incoming;
  return {
    token: undefined,
    generation: 0,
    head: route ?? path,
    path,
    method,
    startMs: state.now(),
    frozenClock,
    traceparent,
    tracestate,
    attributes: undefined,
    route,
  };
}

function end(state: State, request: RequestRecord, status: number | undefined, error: unknown): void {
  const { path, method, route, startMs, attributes, traceparent } = request;
  const duration = measured(state.now() - startMs, request);
  const name = route ?? path;
  const isPath = route === undefined;
  const isRequest = method !== undefined;
  // Decided by the name that it came with; so it has to be open under that one if it has another now.
  const isAlone = isRequest && request.token === undefined && name === request.head;
  if (isAlone && attributes === undefined && traceparent === undefined) {
    recordRequest(state, name, method, status, startMs, duration, error, isPath);
    return;
  }
  const attributed = attributes && [...attributes];
  const ended = { name, start: startMs, duration, error, ...(attributed && { attributes: attributed }) };
  const draft = isRequest ? { ...ended, kind: REQ, isPath, method, status } : { ...ended, kind: FN };
  if (isAlone) record(state, { ...draft, traceparent } as Draft);
  else record(state, draft as Draft, request, true);
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
