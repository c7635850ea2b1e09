/** The spans of requests, and of what is measured within them. An id is drawn when something needs it. */
import type { Place, RequestRecord } from "../runtime/bridge.ts";
import type { RecordingHost } from "./recording-host.ts";
import { OVER, tokenOf } from "./token.ts";

export const TRACEPARENT_LENGTH = 55;
const VERSION_LENGTH = 3;
/** Version and trace id, with the dashes. */
const TRACE_LENGTH = 36;
const FLAGS = 53;
/** As the engine has it: only later versions may be longer. */
const VALID = /^(?!ff|00.{54})[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-|$)/;

/** The `traceparent` of the span at `place`. Empty: there is none, or nothing is recorded. */
export function traceparentOf(host: RecordingHost, place: Place | undefined): string {
  if (place === undefined) return "";
  const { span, record } = place;
  if (span === undefined) return record === undefined ? "" : traceparentOfRequest(host, record);
  span.traceparent ??= newSpan(host, span.outer, "").slice(0, TRACEPARENT_LENGTH);
  // Within an excluded request there are no spans, but its ids.
  return span.traceparent || traceparentOf(host, span.outer);
}

/** The span at `place` as a parent. Undefined: it is the request itself, or there is none. */
export function parentOf(host: RecordingHost, place: Place | undefined): string | undefined {
  return (place?.span && traceparentOf(host, place)) || undefined;
}

/** Headers of a new span at `place`: a `traceparent`, and after a blank `tracestate` if it is valid. Empty: it gets none. */
export function newSpan(host: RecordingHost, place: Place | undefined, tracestate: string): string {
  const request = place?.record;
  const outer = request === undefined ? parentOf(host, place) : undefined;
  const headers = host.engine.call("", (engine) => {
    if (request?.isOver === true) return host.withAnswer(request, () => engine.outgoing(OVER, tracestate));
    const token = request && tokenOf(host, engine, request);
    return engine.outgoing(token ?? Number.NaN, token === undefined ? "" : tracestate);
  });
  return outer === undefined || headers === "" ? headers : inTrace(headers, outer);
}

/** Where the running code is, if that is within `place`; else `place` itself. */
export function innermost(host: RecordingHost, place: Place | undefined): Place | undefined {
  const running = host.context.current() as Place | undefined;
  if (place === undefined || running === undefined || running.record !== place.record) return place;
  for (let at: Place | undefined = running; at !== undefined; at = at.span?.outer) {
    if (at.span === place.span) return running;
  }
  return place;
}

/** Whether `place` lies within a query. */
export function hidesValues(place: Place | undefined): boolean {
  for (let at = place; at !== undefined; at = at.span?.outer) if (at.span?.isQuery === true) return true;
  return false;
}

/** Known from the first call on, also where the request is excluded or sampled out, and has no span of its own. */
function traceparentOfRequest(host: RecordingHost, request: RequestRecord): string {
  if (request.ownTraceparent === "") {
    const recorded = host.engine.call("", (engine) => {
      if (request.isOver) return host.withAnswer(request, () => engine.traceOf(OVER));
      const token = tokenOf(host, engine, request);
      return token === undefined ? "" : engine.traceOf(token);
    });
    request.ownTraceparent = recorded || unrecorded(host, request);
  }
  return request.ownTraceparent;
}

function unrecorded(host: RecordingHost, request: RequestRecord): string {
  const traceparent = request.traceparent?.trim() ?? "";
  const late = request.isOver
    ? newSpan(host, { record: request, context: undefined, span: undefined }, "")
    : "";
  const own = late || host.engine.call("", (engine) => engine.outgoing(Number.NaN, ""));
  const given = VALID.test(traceparent) && late === "" ? inTrace(own, traceparent) : own;
  return given && `${given.slice(0, FLAGS)}00`;
}

function inTrace(own: string, traceparent: string): string {
  return (
    own.slice(0, VERSION_LENGTH) + traceparent.slice(VERSION_LENGTH, TRACE_LENGTH) + own.slice(TRACE_LENGTH)
  );
}
