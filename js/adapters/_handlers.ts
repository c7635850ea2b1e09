/** The handlers of Cloudflare's objects and classes: their names, and how each is measured. */
import { type AdapterBridge, type FlushContext, RequestRecord } from "../runtime/bridge.ts";
import type { TraceHeaders } from "../runtime/rpc-trace.ts";
import type { WaitUntil } from "../runtime/wait-until.ts";
import { hasStream, untilBodyEnds } from "./_body.ts";
import type { RequestOptions } from "./_options.ts";
import { begin, openAs, type RequestLike } from "./_request.ts";
import { anyStatus, endAnswered, endFailed, respond, responseStatus } from "./_respond.ts";

// biome-ignore lint/suspicious/noExplicitAny: each Worker has its own env, and its own flavor of these types
export type Handler = (...args: any[]) => any;

/** How requests are measured. */
export interface InstrumentOptions extends RequestOptions {
  /**
   * The duration of a streamed response lasts until its body ends, rather than until its headers. If the client leaves
   * before, that is no error: the event has the attribute `client_disconnected`.
   *
   * The client gets what it would get without. It costs a copy of each body, which takes a Worker most of its
   * throughput. Where the end cannot be seen without harm, the duration lasts until the headers, and the event has the
   * attribute `tidegate.duration` with the value `"headers"`: a body with a `Content-Encoding`, one that is used or
   * locked, and every body where the runtime does not show its length. Left alone as well: responses without a body,
   * to HEAD, and WebSockets.
   *
   * @default false
   */
  readonly untilBodyEnds?: boolean;
}

/** One call of a handler. */
export interface Call {
  readonly tide: object;
  readonly env: unknown;
  readonly context: FlushContext | undefined;
  readonly run: () => unknown;
}

/** Runs a `fetch` handler as a request. */
export function asRequest(call: Call, request: RequestLike, options: InstrumentOptions | undefined): unknown {
  const { tide, env, context, run } = call;
  const record = begin(tide, request, env, options, true, context);
  if (record === undefined) return run();
  if (options?.untilBodyEnds === true && context !== undefined && request.method !== "HEAD") {
    return respondToBodyEnd(record, run, context);
  }
  return respond(record, run, context, responseStatus);
}

/**
 * Runs any other handler as the root of a trace with the given name. `tide.scope(key)` finds it. `isShared`: several
 * calls at once may have the same key. `trace` came with the call.
 */
export function asRoot(
  { tide, env, context, run }: Call,
  name: () => string,
  key: unknown,
  isShared: boolean,
  trace?: TraceHeaders,
): unknown {
  const describe = (bridge: AdapterBridge) => {
    const request = typeof key === "object" && key !== null ? key : {};
    const path = name();
    const record = new RequestRecord(bridge, request, path, path, undefined, true);
    record.traceparent = trace?.traceparent;
    record.tracestate = trace?.tracestate;
    return record;
  };
  const record = openAs(tide, env, context, describe, { isShared });
  return record === undefined ? run() : respond(record, run, context, anyStatus);
}

/** The request ends with its body. The response goes to the client at once. */
async function respondToBodyEnd(
  record: RequestRecord,
  run: () => unknown,
  context: WaitUntil,
): Promise<unknown> {
  let response: unknown;
  try {
    response = await record.bridge.run(record, run);
  } catch (error) {
    endFailed(record, error, context);
    throw error;
  }
  if (!hasStream(response)) {
    endAnswered(record, response, context, responseStatus);
    return response;
  }
  const status = anyStatus(response);
  const copy = untilBodyEnds(response, context, (hasLeft, error) => {
    if (hasLeft) record.bridge.setAttributes(record, { client_disconnected: true });
    record.bridge.end(record, status, hasLeft ? undefined : error, context);
  });
  if (copy !== undefined) return copy;
  record.bridge.setAttributes(record, { "tidegate.duration": "headers" });
  endAnswered(record, response, context, responseStatus);
  return response;
}
