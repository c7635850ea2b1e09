/** What adapters have in common: a request's path, method and parent, and its way through the collector. */
import { type Link, linkOf, type RequestRecord } from "../runtime/link.ts";
import type { WaitUntil } from "../runtime/port.ts";

/** The part of a `Request` that is read. */
export interface RequestLike {
  readonly url: string;
  readonly method: string;
  readonly headers: { get(name: string): string | null };
}

/** One request as an adapter sees it. */
export interface Seen {
  readonly link: Link;
  readonly record: RequestRecord | undefined;
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
): Seen | undefined {
  try {
    const link = linkOf(tide);
    if (link === undefined) return undefined;
    link.configure(env);
    const record = link.open({
      request,
      path: pathOf(request.url),
      method: request.method,
      route: routeOf(route, request),
      traceparent: request.headers.get("traceparent") ?? undefined,
      frozenClock,
    });
    return { link, record };
  } catch {
    return undefined;
  }
}

/** Records the end of the request that was answered with `response`. */
export function answered(seen: Seen, response: unknown, context: WaitUntil | undefined): void {
  const status = (response as { status?: unknown } | null | undefined)?.status;
  seen.link.end(seen.record, typeof status === "number" ? status : undefined, undefined, context);
}

/** Records the end of the request whose handler threw. */
export function failed(seen: Seen, error: unknown, context: WaitUntil | undefined): void {
  seen.link.end(seen.record, UNCAUGHT_STATUS, error ?? "throw", context);
}

/** Without query and fragment, and without parsing the rest: `new URL` costs more than the whole event. */
function pathOf(url: string): string {
  const scheme = url.indexOf("://");
  const start = scheme < 0 ? 0 : url.indexOf("/", scheme + 3);
  if (start < 0) return "/";
  const end = url.slice(start).search(/[?#]/);
  return end < 0 ? url.slice(start) : url.slice(start, start + end) || "/";
}

/** The user's own function: if it fails, the request has a path all the same. */
function routeOf(
  route: ((request: never) => string | undefined) | undefined,
  request: RequestLike,
): string | undefined {
  try {
    const template: unknown = route?.(request as never);
    return typeof template === "string" ? template : undefined;
  } catch {
    return undefined;
  }
}
