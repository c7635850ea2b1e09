import { flush } from "../delivery/flush.ts";
import type { RequestIndex } from "../recording/request-index.ts";
import { endRequest, isOpen, openRequest } from "../recording/requests.ts";
import type { AdapterBridge, FlushContext, RequestRecord } from "../runtime/bridge.ts";
import { runLeader } from "../runtime/leader.ts";
import { isDue, isPending } from "../wasm/flags.ts";
import type { Pump } from "./pump.ts";
import type { State } from "./state.ts";

/** The bridge of one collector. */
export function bridgeFor(state: State, pump: Pump, requests: RequestIndex): AdapterBridge {
  return {
    configure: (env) => state.configure(env),
    open(request) {
      if (state.isReady()) openRequest(state, requests, request);
    },
    run: (request, work) => (isOpen(request) ? state.context.run(request, work) : work()),
    current: () => currentOf(state),
    end(request, status, error, context) {
      const nowMs = state.clock.now();
      if (isOpen(request)) endRequest(state, request, nowMs, status, error);
      else state.engine.refused += 1;
      request.isOver = true;
      if (context !== undefined) leadFrom(state, pump, context, nowMs);
    },
    setLeaving(isLeaving) {
      state.leaving = isLeaving;
    },
  };
}

export function currentOf(state: State): RequestRecord | undefined {
  return state.context.current() as RequestRecord | undefined;
}

/** Any request may lead, also an excluded one: what waits must not depend on which requests come. */
function leadFrom(state: State, pump: Pump, context: FlushContext, nowMs: number): void {
  const { handle, limits } = state.engine;
  const flags = handle?.flags ?? 0;
  if (state.settings?.autoTick !== true || !isPending(flags)) return;
  if (context.isLast === true) sendAll(pump, context);
  else runLeader(pump, context, nowMs, isDue(flags), context.isBrief === true ? limits.stepMs : undefined);
}

function sendAll(pump: Pump, context: FlushContext): void {
  try {
    context.waitUntil(flush(pump, pump.limits.flushDeadlineMs));
  } catch {
    // The context takes no work: the next handler tries.
  }
}
