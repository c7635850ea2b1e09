/** The trace of an RPC call between Workers: one more argument, for callees that are known to take it off. */

/** The headers of a span. */
export interface TraceHeaders {
  readonly traceparent: string;
  readonly tracestate: string | undefined;
}

/** The property by which an instance of a measured class lists its measured methods to callers. */
export const MEASURED_METHODS = "tidegate.measured";

/** A key that is no text: nothing that a client sends as JSON, a form or a header has one. */
const MARK = null;

export function traceArgument({ traceparent, tracestate }: TraceHeaders): unknown {
  return new Map<unknown, unknown>([
    [MARK, MEASURED_METHODS],
    ["traceparent", traceparent],
    ["tracestate", tracestate],
  ]);
}

/** The trace, if `argument` is one. */
export function traceOf(argument: unknown): TraceHeaders | undefined {
  if (!(argument instanceof Map) || argument.get(MARK) !== MEASURED_METHODS) return undefined;
  const [traceparent, tracestate] = [argument.get("traceparent"), argument.get("tracestate")];
  return { traceparent: String(traceparent), tracestate: tracestate && String(tracestate) };
}
