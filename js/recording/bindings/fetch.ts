/** The arguments and the answer of `fetch`: what is recorded of them, and the headers of the span. */
import type { TraceHeaders } from "../../runtime/rpc-trace.ts";

/** What is recorded of a call. */
export interface OutgoingCall {
  readonly name: string;
  readonly attributes: readonly (readonly [string, string | number])[];
}

/** The arguments of `fetch`, each member of the caller's read once. */
export interface FetchArguments {
  readonly input: unknown;
  readonly init: unknown;
  readonly method: string;
  readonly url: string;
  /** The arguments with the span's headers. Undefined: the caller has set a `traceparent`. */
  withSpan(span: TraceHeaders): { readonly input: unknown; readonly init: unknown } | undefined;
}

/** The methods that OpenTelemetry's conventions know. */
const METHODS = /^(GET|POST|PUT|DELETE|HEAD|OPTIONS|PATCH|CONNECT|TRACE)$/;
const HTTP = /^https?:$/;
/** What `Request.referrer` is by default. Hosts without a page know no referrers. */
const NO_REFERRER_SET = "about:client";

/** Reads the arguments. Throws what `fetch` itself will throw. */
export function readArguments(input: unknown, init: unknown): FetchArguments {
  const target = input instanceof Request || input instanceof URL ? input : textOf(input);
  if (init !== undefined && !isPlain(init)) return readAny(target, init);
  const copy = init && { ...init };
  const isEmpty = Object.keys(copy ?? {}).length === 0;
  return isEmpty && hasReferrer(target) ? readAny(target, copy) : readPlain(target, copy);
}

/** The name is the method and the host. A path is left out: it would make as many names as there are resources. */
export function describeCall({ method, url }: FetchArguments, target?: string): OutgoingCall {
  const called = readUrl(url);
  // A path alone is sent to the origin of the page.
  const host = called === undefined ? "self" : called.hostname || "unknown";
  const attributes: [string, string | number][] = [
    ["http.request.method", METHODS.test(method) ? method : "_OTHER"],
    ["server.address", host.replace(/^\[|\]$/g, "")],
  ];
  if (!METHODS.test(method)) attributes.push(["http.request.method_original", method]);
  if (called?.hostname && HTTP.test(called.protocol)) {
    const port = Number(called.port) || (called.protocol === "http:" ? 80 : 443);
    attributes.push(["server.port", port], ["url.full", called.origin + called.pathname]);
  }
  return { name: `${method} ${target ?? host}`, attributes };
}

/** Undefined: `response` is none, or an opaque one. */
export function statusOf(response: unknown): number | undefined {
  const { status } = response as { status?: unknown };
  return typeof status === "number" && status > 0 ? status : undefined;
}

/** Whether all that a host may read of `init` is in its own properties. A host may read more than a `Request` keeps. */
function isPlain(init: unknown): init is RequestInit {
  if (typeof init !== "object" || init === null) return false;
  const prototype: unknown = Object.getPrototypeOf(init);
  const hasOwnOnly = prototype === Object.prototype || prototype === null;
  return hasOwnOnly && Reflect.ownKeys(init).length === Object.keys(init).length;
}

function readPlain(input: Request | URL | string, init: RequestInit | undefined): FetchArguments {
  const request = input instanceof Request ? input : undefined;
  return {
    input,
    init,
    method: String(init?.method ?? request?.method ?? "GET").toUpperCase(),
    url: request?.url ?? String(input),
    withSpan(span) {
      const given = init?.headers === undefined ? request?.headers : init.headers;
      const headers = new Headers(given);
      if (!addSpan(headers, span)) {
        // An iterator has been read to its end by now.
        return isIterator(given) ? { input, init: { ...init, headers } } : undefined;
      }
      return { input, init: { ...init, headers } };
    },
  };
}

/** A `Request`, or anything with inherited or hidden members: the host reads it, into a request that takes headers. */
function readAny(input: Request | URL | string, init: unknown): FetchArguments {
  const requests = [input, init].filter((given) => given instanceof Request);
  if (requests.length === 2 || requests.some(({ bodyUsed }) => bodyUsed)) {
    // What a host makes of these when it constructs a request is not always what its `fetch` makes of them.
    const url = input instanceof Request ? input.url : String(input);
    return { input, init, method: requests.at(-1)?.method ?? "GET", url, withSpan: () => undefined };
  }
  const request = new Request(input, init as RequestInit);
  const read = { input: request, init: undefined };
  return {
    ...read,
    method: request.method,
    url: request.url,
    withSpan: (span) => (addSpan(request.headers, span) ? read : undefined),
  };
}

/** Returns false if the caller has set a `traceparent`. */
function addSpan(headers: Headers, { traceparent, tracestate }: TraceHeaders): boolean {
  if (headers.has("traceparent")) return false;
  headers.set("traceparent", traceparent);
  if (tracestate !== undefined && !headers.has("tracestate")) headers.set("tracestate", tracestate);
  return true;
}

/** A request with a referrer loses it where any init is given beside it. */
function hasReferrer(input: unknown): boolean {
  if (!(input instanceof Request)) return false;
  const { referrer = NO_REFERRER_SET, referrerPolicy = "" } = input;
  return referrer !== NO_REFERRER_SET || referrerPolicy !== "";
}

/** What a host makes of an `input` that is neither a request nor a URL. */
function textOf(input: unknown): string {
  // Another program's request class, which only its own `fetch` can read.
  if (typeof input === "object" && input !== null && "url" in input) throw new TypeError("unknown request");
  return String(input);
}

function isIterator(headers: unknown): boolean {
  return typeof (headers as { readonly next?: unknown } | undefined)?.next === "function";
}

function readUrl(url: string): URL | undefined {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}
