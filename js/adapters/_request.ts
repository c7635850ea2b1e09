/** What adapters have in common: a request's path, method and parent, and its way through the collector. */
import { type Context, type Link, linkOf, RequestRecord } from "../runtime/link.ts";
import { isThenable } from "../runtime/thenable.ts";

/** The part of a `Request` that is read. */
export interface RequestLike {
  readonly url: string;
  readonly method: string;
  readonly headers: { get(name: string): string | null };
}

/** What an uncaught error becomes at the client. */
const UNCAUGHT_STATUS = 500;

/** Opens the request; undefined if `tide` is no collector of ours, or telemetry fails: the request goes on. */
export function begin(
  tide: object,
  request: RequestLike,
  env: unknown,
  route: ((request: never) => string | undefined) | undefined,
  frozenClock: boolean,
): RequestRecord | undefined {
  return openAs(tide, env, (link) => {
    const record = new RequestRecord(link, request, pathOf(request.url), request.method, frozenClock);
    record.route = routeOf(route, request);
    const { headers } = request;
    record.traceparent = headers.get("traceparent") ?? undefined;
    if (record.traceparent !== undefined) record.tracestate = headers.get("tracestate") ?? undefined;
    return record;
  });
}

/** As `begin`, for what is no `Request`. `env` undefined: the host has none of its own. */
export function openAs(
  tide: object,
  env: unknown,
  describe: (link: Link) => RequestRecord,
): RequestRecord | undefined {
  try {
    const link = linkOf(tide);
    if (link === undefined) return undefined;
    if (env !== undefined) link.configure(env);
    const record = describe(link);
    link.open(record);
    return record;
  } catch {
    return undefined;
  }
}

/** Runs the handler within its request, and records what comes of it: duration to headers. */
export function respond<T>(record: RequestRecord, call: () => T, context: Context | undefined): T {
  let result: T;
  try {
    result = record.link.run(record, call);
  } catch (error) {
    failed(record, error, context);
    throw error;
  }
  if (!isThenable(result)) {
    answered(record, result, context);
    return result;
  }
  // A thenable that is no promise need not return one from `then`, and may not like to be asked twice.
  const promise = Promise.resolve(result);
  // Watched from the side, before anybody who waits for it: the response goes the way it would go without.
  promise.then(
    (response: unknown) => answered(record, response, context),
    (error: unknown) => failed(record, error, context),
  );
  return promise as T;
}

/** The template that a framework has found, unless the user has named the request. */
export function nameRoute(record: RequestRecord, template: unknown): void {
  if (typeof template === "string" && template !== "") record.route ??= template;
}

/** Records the end of the request that was answered with `response`. */
export function answered(record: RequestRecord, response: unknown, context: Context | undefined): void {
  record.link.end(record, statusOf(response), undefined, context);
}

/** Whatever a handler answers with: it may be anything, with getters that throw. */
function statusOf(response: unknown): number | undefined {
  try {
    const status = (response as { status?: unknown } | null | undefined)?.status;
    return typeof status === "number" ? status : undefined;
  } catch {
    return undefined;
  }
}

/** Records the end of the request whose handler threw. */
export function failed(record: RequestRecord, error: unknown, context: Context | undefined): void {
  record.link.end(record, UNCAUGHT_STATUS, error ?? "throw", context);
}

/** Without query and fragment, and without parsing the rest: `new URL` costs more than the whole event. */
export function pathOf(url: string): string {
  const scheme = url.startsWith("/") ? -1 : url.indexOf("://");
  const start = scheme < 0 ? 0 : url.indexOf("/", scheme + 3);
  if (start < 0) return "/";
  let end = start;
  while (end < url.length && url[end] !== "?" && url[end] !== "#") end += 1;
  return url.slice(start, end) || "/";
}

/** The user's own function: if it fails, the request has a path all the same. */
export function routeOf(
  route: ((request: never) => string | undefined) | undefined,
  request: object,
): string | undefined {
  try {
    const template: unknown = route?.(request as never);
    return typeof template === "string" ? template : undefined;
  } catch {
    return undefined;
  }
}
