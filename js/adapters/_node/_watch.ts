/** What Node's adapters share: a request ends with its response. */
import { type AdapterBridge, RequestRecord } from "../../runtime/bridge.ts";
import { isClockFrozen } from "../../runtime/host-kind.ts";
import { headerOf } from "../../runtime/members.ts";
import type { Collector } from "../../types/collector.ts";
import { addAttributes, routeOf } from "../_options.ts";
import { openAs } from "../_request.ts";
import { pathOf } from "../_route.ts";
import { keepContext } from "./_context.ts";
import { endResponse } from "./_end.ts";
import { endingOf } from "./_ending.ts";
import type { NodeOptions, NodeRequest, NodeResponse } from "./_types.ts";

/** How an adapter sees its framework. */
export interface Framework {
  /** What `tide.scope` finds the request by. */
  readonly key: object;
  readonly url: string | undefined;
  /** The template, if it is known as the request comes in. */
  readonly route?: string | undefined;
  /** Gives the request what the framework knows at its end: a template, an error. */
  readonly describe?: (record: RequestRecord) => void;
  /** The framework answers errors itself: with a status below 500 the request is then no error. */
  readonly answersErrors: boolean;
}

/** An open request. */
export interface Watched {
  readonly record: RequestRecord;
  /**
   * Ends it with what was sent on the connection itself, as for a WebSocket: no response is made. `isTimed`: it is the
   * time of that.
   */
  end(status: number | undefined, isTimed: boolean): void;
}

/**
 * Opens the request. It is recorded once, when its response is finished or its connection is lost, however many adapters
 * watch it.
 */
export function watch(
  tide: Collector,
  request: NodeRequest,
  response: NodeResponse,
  framework: Framework,
  options: NodeOptions | undefined,
): Watched | undefined {
  // A program may call middleware by itself, without a response.
  if (typeof response?.on !== "function") return undefined;
  const { key, route, answersErrors } = framework;
  const url = framework.url ?? "/";
  const describe = (bridge: AdapterBridge) => {
    const method = request.method ?? "GET";
    const opened = new RequestRecord(bridge, key, url, pathOf(url), method, isClockFrozen());
    opened.route = routeOf(options, key) ?? route;
    const host = headerOf(request.headers, "host") ?? headerOf(request.headers, ":authority");
    const { encrypted } = (request.socket ?? {}) as { readonly encrypted?: unknown };
    if (host !== undefined) opened.origin = `http${encrypted === true ? "s" : ""}://${host}`;
    opened.traceparent = headerOf(request.headers, "traceparent");
    opened.tracestate = headerOf(request.headers, "tracestate");
    return opened;
  };
  const record = openAs(tide, undefined, undefined, describe, { other: request });
  if (record === undefined) return undefined;
  addAttributes(record, options, key, undefined);
  // Another adapter of the same request has done so before.
  if (record.depth === 1) for (const emitter of [request, response]) keepContext(record, emitter);
  const ending = endingOf(request, response);
  let isOver = false;
  const once = (end: () => void): void => {
    if (isOver) return;
    isOver = true;
    framework.describe?.(record);
    end();
  };
  const close = (isFinished: boolean) =>
    once(() => endResponse(record, request, ending, isFinished, answersErrors));
  response.on("finish", () => close(true));
  response.on("close", () => close(false));
  // The connection was lost before: both events may be over.
  if (response.destroyed === true) close(false);
  return {
    record,
    end: (status, isTimed) =>
      once(() => {
        record.isUntimed = !isTimed;
        record.bridge.end(record, status, undefined, undefined);
      }),
  };
}
