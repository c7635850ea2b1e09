/** The arguments and the answer of `fetch`: what is recorded of them, and the headers of the span. */

/** The headers of a span. */
export interface OutgoingSpan {
  readonly traceparent: string;
  readonly tracestate: string | undefined;
}

/** What is recorded of a call. */
export interface OutgoingCall {
  readonly name: string;
  readonly attributes: readonly (readonly [string, string | number])[];
}

interface RequestLike {
  readonly url: string;
  readonly method: string;
  readonly headers: HeadersInit;
}

/** The name is the method and the host. A path is left out: it would make as many names as there are resources. */
export function describeCall(input: unknown, init: RequestInit | undefined): OutgoingCall {
  const request = asRequest(input);
  const method = String(init?.method ?? request?.method ?? "GET").toUpperCase();
  const host = hostOf(request?.url ?? String(input));
  return {
    name: `${method} ${host}`,
    attributes: [
      ["http.request.method", method],
      ["server.address", host],
    ],
  };
}

/** A copy of `init` with the span's headers. Undefined: the caller has set a `traceparent`. */
export function withSpan(
  input: unknown,
  init: RequestInit | undefined,
  span: OutgoingSpan,
): RequestInit | undefined {
  const headers = new Headers(init?.headers ?? asRequest(input)?.headers);
  if (headers.has("traceparent")) return undefined;
  headers.set("traceparent", span.traceparent);
  if (span.tracestate !== undefined && !headers.has("tracestate")) headers.set("tracestate", span.tracestate);
  return { ...init, headers };
}

/** Undefined: `response` is none, or an opaque one. */
export function statusOf(response: unknown): number | undefined {
  const { status } = response as { status?: unknown };
  return typeof status === "number" && status > 0 ? status : undefined;
}

function asRequest(input: unknown): RequestLike | undefined {
  return typeof input === "object" && input !== null && "url" in input ? (input as RequestLike) : undefined;
}

/** Without user, port, path and query. */
function hostOf(url: string): string {
  try {
    return new URL(url).hostname || "unknown";
  } catch {
    // A path: the origin of the page.
    return "self";
  }
}
