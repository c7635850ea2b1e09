/** An outgoing call: told of by a `traceparent`, and what is to be recorded of it. */

/** A span about to begin. */
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

/** The span's name is the method and the host: a path would have as many values as there are things. */
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

/** `init` with the span's headers; undefined if the caller has set its own. Nothing of the caller's is changed. */
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

/** A status from 400 on is an error of the caller's: `error.type` is its digits. */
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
    // A path of the page's own origin.
    return "self";
  }
}
