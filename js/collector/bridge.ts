import type { RequestIndex } from "../recording/request-index.ts";
import { endRequest, isOpen, openRequest } from "../recording/requests.ts";
import { setAttributes } from "../recording/scope.ts";
import type { AdapterBridge, Place, RequestRecord } from "../runtime/bridge.ts";
import { isSameUrl } from "../runtime/url.ts";
import type { EarlyRequests } from "./early-requests.ts";
import type { Lead } from "./lead.ts";
import type { State } from "./state.ts";

/** The bridge of one collector. */
export function bridgeFor(
  state: State,
  lead: Lead,
  early: EarlyRequests,
  requests: RequestIndex,
): AdapterBridge {
  return {
    configure: (env) => state.configure(env),
    open(request, context, other) {
      if (!state.isReady()) {
        if (state.lacksEnv) {
          state.log.warnOnce(
            "no env was found for the options, so nothing is recorded; " +
              "pass it: measure(tide, request, work, { env })",
          );
        }
        return;
      }
      openRequest(state, requests, request);
      if (other !== undefined && other !== request.request) requests.addAlias(other, request);
      request.context = context;
      lead.atStart(request);
    },
    join(request, other) {
      const open = openAs(state, requests, request, other);
      if (open === undefined) return undefined;
      open.depth += 1;
      open.route ??= request.route;
      for (const object of [request.request, other]) {
        if (object !== undefined && object !== open.request) requests.addAlias(object, open);
      }
      return open;
    },
    find: (object) => requests.find(object),
    setAttributes,
    run: (request, work) => (isOpen(request) ? state.context.run(placeWithin(state, request), work) : work()),
    current: () => placeOf(state)?.record,
    end(request, status, error, context) {
      request.error ??= error;
      request.depth -= 1;
      if (request.depth > 0) return;
      for (const record of request.unawaited ?? []) record();
      request.unawaited?.clear();
      const nowMs = state.clock.now();
      const durationMs = state.clock.preciseAt(nowMs) - request.preciseStartMs;
      const isKept = isOpen(request) && early.keep(request, status, durationMs, nowMs, context);
      if (!isOpen(request)) state.engine.refuse();
      else if (!isKept) endRequest(state, request, durationMs, status, request.error);
      if (isOpen(request) && !request.isOver) requests.end();
      request.isOver = true;
      request.request = undefined;
      request.error = undefined;
      request.exception = undefined;
      request.exceptions = undefined;
      request.context = undefined;
      if (!isKept) lead.atEnd(request, context, nowMs);
    },
    setWaitUntil(waitUntil) {
      state.waitUntil = waitUntil;
    },
    warnUnmeasured(adapter) {
      state.log.warnOnce(`${adapter} found no Request in its arguments, so nothing is measured`);
    },
    setLeaving(isLeaving) {
      state.leaving = isLeaving;
    },
    countRequests: () => state.engine.countRequests(),
  };
}

/** An adapter within another one, or a callback, may run within a span of the same request. The first run cannot. */
function placeWithin(state: State, request: RequestRecord): Place {
  const current = request.hasRun ? placeOf(state) : undefined;
  request.hasRun = true;
  return current?.record === request
    ? current
    : { record: request, context: request.context, span: undefined };
}

export function placeOf(state: State): Place | undefined {
  return state.context.current() as Place | undefined;
}

/** The open request that `request` is another view of. */
function openAs(
  state: State,
  requests: RequestIndex,
  request: RequestRecord,
  other: object | undefined,
): RequestRecord | undefined {
  if (!requests.hasOpen) return undefined;
  const same = requests.find(request.request) ?? (other && requests.find(other));
  if (same?.isOver === false) return same;
  const current = placeOf(state)?.record;
  const isSame =
    current?.isOver === false && current.method === request.method && isSameUrl(current.url, request.url);
  return isSame ? current : undefined;
}
