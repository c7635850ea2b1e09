/** Posting a batch over HTTP. The run loop owns the deadline, reads the status and drains the body. */
import type { FetchLike, NdjsonOptions, ResponseLike, SendInfo, Sink } from "../types.ts";

/** What HTTP sinks have in common. */
export type HttpOptions = Pick<NdjsonOptions, "url" | "headers" | "fetch">;

type Headers = Readonly<Record<string, string>>;

/** Why `url` cannot be posted to; undefined if it can. */
export function urlProblem(url: unknown): Sink["problem"] {
  const bad = (message: string) => ({ code: "config/sink-url", option: "url", message });
  if (typeof url !== "string" || url === "") return bad("is required");
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return bad(`is not a URL: ${JSON.stringify(url)}`);
  }
  return /^https?:$/.test(parsed.protocol) ? undefined : bad("must start with http:// or https://");
}

/** One POST. The same batch has the same Idempotency-Key on each attempt. */
export async function post(
  options: HttpOptions,
  contentType: string,
  bytes: Uint8Array,
  info: SendInfo,
): Promise<ResponseLike> {
  const { url, headers } = options;
  const given: Headers = typeof headers === "function" ? headers(info.env as never) : (headers ?? {});
  const init = {
    method: "POST",
    headers: { "content-type": contentType, "idempotency-key": info.batchId, ...lowerCase(given) },
    body: bytes,
    signal: info.signal,
    // Followed, a redirect could turn the POST into a GET and look like success.
    redirect: "manual",
  };
  const { fetch: send = fetch as FetchLike } = options;
  // A call without `this`: the global fetch of some runtimes refuses any other.
  return send(url, init);
}

/** So that a user's header replaces ours instead of being joined to it. */
function lowerCase(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
