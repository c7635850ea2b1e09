/** What Node's adapters share: a request ends with its response. */
import { type AdapterBridge, RequestRecord } from "../../runtime/bridge.ts";
import { isClockFrozen } from "../../runtime/host-kind.ts";
import type { Collector } from "../../types/collector.ts";
import { addAttributes, routeOf } from "../_options.ts";
import { headerOf, openAs } from "../_request.ts";
import { pathOf } from "../_route.ts";
import type { NodeOptions, NodeRequest, NodeResponse } from "./_types.ts";

/** How an adapter sees its framework. */
export interface Framework {
  /** What `tide.scope` finds the request by. */
  readonly key: object;
  readonly url: string | undefined;
  /** The template, if it is known as the request comes in. */
  readonly route?: string | undefined;
  /** Names the request at its end, when the framework knows the template. */
  readonly name?: (record: RequestRecord) => void;
  /** The framework answers errors itself: with a status below 500 the request is then no error. */
  readonly answersErrors?: boolean;
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
): RequestRecord | undefined {
  const { key, route } = framework;
  const url = framework.url ?? "/";
  const describe = (bridge: AdapterBridge) => {
    const method = request.method ?? "GET";
    const opened = new RequestRecord(bridge, key, url, pathOf(url), method, isClockFrozen());
    opened.route = routeOf(options, key) ?? route;
    opened.traceparent = headerOf(request.headers, "traceparent");
    opened.tracestate = headerOf(request.headers, "tracestate");
    return opened;
  };
  const record = openAs(tide, undefined, undefined, describe, { other: request });
  if (record === undefined) return undefined;
  addAttributes(record, options, key, undefined);
  let isOver = false;
  const end = (isFinished: boolean) => {
    if (isOver) return;
    isOver = true;
    framework.name?.(record);
    if (isFinished) endFinished(record, response, framework);
    else endLost(record, response);
  };
  response.on("finish", () => end(true));
  response.on("close", () => end(false));
  // The connection was lost before: both events may be over.
  if (response.destroyed === true) end(false);
  return record;
}

function endFinished(record: RequestRecord, { statusCode }: NodeResponse, framework: Framework): void {
  if (framework.answersErrors === true && statusCode < 500) record.error = undefined;
  record.bridge.end(record, statusCode, undefined, undefined);
}

/**
 * The connection closed before the response was finished.
 *
 * Before the headers the client got no answer: an error without status. After them it is the common end of a stream,
 * unless the server broke off: the status that was sent, and an attribute.
 */
function endLost(record: RequestRecord, { headersSent, statusCode, errored }: NodeResponse): void {
  const cause = record.error ?? errored ?? undefined;
  if (headersSent) {
    record.attributes ??= new Map();
    record.attributes.set("client_disconnected", cause === undefined);
  }
  const status = headersSent ? statusCode : undefined;
  record.bridge.end(record, status, cause ?? (headersSent ? undefined : "client_disconnected"), undefined);
}
