/** Open requests: what an adapter's link does. */
import { flush } from "./pump.ts";
import { type Draft, FN, REQ, record, recordRequest } from "./record.ts";
import type { RequestIndex } from "./request-index.ts";
import { lead } from "./runtime/lease.ts";
import type { Context, Link, RequestRecord } from "./runtime/link.ts";
import { measured } from "./scope.ts";
import { DUE, type State, WAITING } from "./state.ts";

export function linkFor(state: State, requests: RequestIndex): Link {
  return {
    configure: (env) => state.configure(env),
    open(request) {
      // Nothing crosses into the core until something needs the request to be open there.
      if (!state.isReady()) return;
      request.head = request.route ?? request.path;
      request.startMs = state.now();
      requests.add(request);
    },
    run: (request, work) => (isOpen(request) ? state.context.run(request, work) : work()),
    current: () => state.context.current() as RequestRecord | undefined,
    end(request, status, error, context) {
      const nowMs = state.now();
      if (isOpen(request)) end(state, request, nowMs, status, error);
      else state.refused += 1;
      request.isOver = true;
      if (context !== undefined) leadFrom(state, context, nowMs);
    },
    leaving(now) {
      state.leaving = now;
    },
  };
}

function isOpen({ startMs }: RequestRecord): boolean {
  return !Number.isNaN(startMs);
}

function end(
  state: State,
  request: RequestRecord,
  nowMs: number,
  status: number | undefined,
  error: unknown,
): void {
  const { path, method, route, startMs, attributes, traceparent } = request;
  const duration = measured(nowMs - startMs, request);
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
function leadFrom(state: State, context: Context, nowMs: number): void {
  if (state.settings?.autoTick !== true) return;
  const { flags } = state;
  if ((flags & (WAITING | DUE)) === 0) return;
  if (context.isLast === true) sendAll(state, context);
  else lead(state, context, nowMs, (flags & DUE) !== 0, context.isBrief === true ? state.stepMs : undefined);
}

function sendAll(state: State, context: Context): void {
  try {
    context.waitUntil(flush(state, state.flushDeadlineMs));
  } catch {
    // No context that takes work: the next handler tries.
  }
}
