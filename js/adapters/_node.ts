/** What Node's adapters share: a request ends with its response. */
import { RequestRecord } from "../runtime/link.ts";
import type { Collector } from "../types.ts";
import { clockIsFrozen } from "./_context.ts";
import { nameRoute, openAs, pathOf, routeOf } from "./_request.ts";

/** The part of `IncomingMessage` that is read; Express adds the last three. */
export interface NodeRequest {
  readonly url?: string | undefined;
  readonly method?: string | undefined;
  readonly headers: {
    readonly traceparent?: unknown;
    readonly tracestate?: unknown;
    readonly [name: string]: unknown;
  };
  readonly originalUrl?: string;
  readonly baseUrl?: string;
  // biome-ignore lint/suspicious/noExplicitAny: a text, a pattern, or several of them
  readonly route?: any;
}

/** The part of `ServerResponse` that is used. */
export interface NodeResponse {
  readonly statusCode: number;
  readonly headersSent: boolean;
  readonly destroyed?: boolean;
  readonly errored?: unknown;
  // biome-ignore lint/suspicious/noExplicitAny: listeners of any event
  on(event: "finish" | "close", listener: (...args: any[]) => void): unknown;
}

/** Options of each of Node's adapters. */
export interface NodeOptions {
  /** Names a request as it comes in; it wins over what the framework says. */
  // biome-ignore lint/suspicious/noExplicitAny: the request type of whoever writes the function
  readonly route?: (request: any) => string | undefined;
}

/** A request that is being answered. */
export interface Watched {
  readonly record: RequestRecord;
  /** What was thrown, if something was. */
  error: unknown;
}

/** How an adapter sees its framework. */
export interface Framework {
  /** What `tide.scope` finds the request by. */
  readonly key: object;
  readonly url: string | undefined;
  /** The template, if it is known as the request comes in. */
  readonly route?: string | undefined;
  /** Called at the end, when the framework knows. */
  readonly name?: (record: RequestRecord) => void;
  /** It answers what is thrown: then an error that was answered with less than 500 is none. */
  readonly answersErrors?: boolean;
}

/** Opens the request; it is recorded once, when the response is finished or its connection is lost. */
export function watch(
  tide: Collector,
  request: NodeRequest,
  response: NodeResponse,
  framework: Framework,
  options: NodeOptions | undefined,
): Watched | undefined {
  const { key, url, route } = framework;
  const record = openAs(tide, undefined, (link) => {
    const method = request.method ?? "GET";
    const opened = new RequestRecord(link, key, pathOf(url ?? "/"), method, clockIsFrozen());
    opened.route = routeOf(options?.route, key) ?? route;
    opened.traceparent = header(request.headers.traceparent);
    opened.tracestate = header(request.headers.tracestate);
    return opened;
  });
  if (record === undefined) return undefined;
  const watched: Watched = { record, error: undefined };
  let over = false;
  const end = (finished: boolean) => {
    if (over) return;
    over = true;
    framework.name?.(record);
    if (finished) finish(watched, response, framework);
    else lose(watched, response);
  };
  response.on("finish", () => end(true));
  response.on("close", () => end(false));
  // Lost before it came here: both events may be over.
  if (response.destroyed === true) end(false);
  return watched;
}

function finish({ record, error }: Watched, { statusCode }: NodeResponse, framework: Framework): void {
  const answered = framework.answersErrors === true && statusCode < 500;
  record.link.end(record, statusCode, answered ? undefined : error, undefined);
}

/**
 * The connection closed before the response was finished. Without headers nobody was answered: an error without
 * status. After them it is the common end of a stream, unless the server itself broke off: the status that was
 * sent, and an attribute.
 */
function lose({ record, error }: Watched, { headersSent, statusCode, errored }: NodeResponse): void {
  const broken = error ?? errored ?? undefined;
  if (headersSent) {
    record.attributes ??= new Map();
    record.attributes.set("client_disconnected", broken === undefined);
  }
  const status = headersSent ? statusCode : undefined;
  record.link.end(record, status, broken ?? (headersSent ? undefined : "client_disconnected"), undefined);
}

/** Express: where the router was mounted, as received, and the template within it. */
export function nameExpress({ baseUrl = "", route }: NodeRequest, record: RequestRecord): void {
  const path: unknown = route?.path;
  if (path === undefined || path === null) return;
  const template = `${baseUrl}${path === "/" && baseUrl !== "" ? "" : String(path)}`;
  // A mount path with parameters has their values in it: it goes where paths go.
  if (baseUrl === "") nameRoute(record, template);
  else record.path = template;
}

/** The error is kept for the end of the request, and thrown on. */
export function caught<R>(watched: Watched, call: () => R): R {
  const fail = (error: unknown): never => {
    watched.error = error ?? "throw";
    throw error;
  };
  let result: R;
  try {
    result = watched.record.link.run(watched.record, call);
  } catch (error) {
    return fail(error);
  }
  return result instanceof Promise ? (result.then(undefined, fail) as R) : result;
}

function header(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
