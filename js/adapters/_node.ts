/** What Node's adapters share: a request ends with its response. */
import { RequestRecord } from "../runtime/bridge.ts";
import { isClockFrozen } from "../runtime/host-kind.ts";
import type { Collector } from "../types/collector.ts";
import type { NodeOptions, NodeRequest, NodeResponse } from "./_node-types.ts";
import { openAs } from "./_request.ts";
import { pathOf, routeOf } from "./_route.ts";

/** A request that is being answered. */
export interface Watched {
  readonly record: RequestRecord;
  /** The error that the handler threw, if it did. */
  error: unknown;
}

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

/** Opens the request. It is recorded once, when its response is finished or its connection is lost. */
export function watch(
  tide: Collector,
  request: NodeRequest,
  response: NodeResponse,
  framework: Framework,
  options: NodeOptions | undefined,
): Watched | undefined {
  const { key, url, route } = framework;
  const record = openAs(tide, undefined, (bridge) => {
    const method = request.method ?? "GET";
    const opened = new RequestRecord(bridge, key, pathOf(url ?? "/"), method, isClockFrozen());
    opened.route = routeOf(options?.route, key) ?? route;
    opened.traceparent = headerOf(request.headers.traceparent);
    opened.tracestate = headerOf(request.headers.tracestate);
    return opened;
  });
  if (record === undefined) return undefined;
  const watched: Watched = { record, error: undefined };
  let isOver = false;
  const end = (isFinished: boolean) => {
    if (isOver) return;
    isOver = true;
    framework.name?.(record);
    if (isFinished) endFinished(watched, response, framework);
    else endLost(watched, response);
  };
  response.on("finish", () => end(true));
  response.on("close", () => end(false));
  // The connection was lost before: both events may be over.
  if (response.destroyed === true) end(false);
  return watched;
}

function endFinished({ record, error }: Watched, { statusCode }: NodeResponse, framework: Framework): void {
  const isAnswered = framework.answersErrors === true && statusCode < 500;
  record.bridge.end(record, statusCode, isAnswered ? undefined : error, undefined);
}

/**
 * The connection closed before the response was finished.
 *
 * Before the headers the client got no answer: an error without status. After them it is the common end of a stream,
 * unless the server broke off: the status that was sent, and an attribute.
 */
function endLost({ record, error }: Watched, { headersSent, statusCode, errored }: NodeResponse): void {
  const cause = error ?? errored ?? undefined;
  if (headersSent) {
    record.attributes ??= new Map();
    record.attributes.set("client_disconnected", cause === undefined);
  }
  const status = headersSent ? statusCode : undefined;
  record.bridge.end(record, status, cause ?? (headersSent ? undefined : "client_disconnected"), undefined);
}

/** A header that came more than once is an array, and not used. */
function headerOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
