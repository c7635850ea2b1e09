/** One POST per batch. The run loop owns the deadline, and reads the status and the body of the response. */
import { TidegateError } from "../types/error.ts";
import type { FetchLike, ResponseLike } from "../types/http.ts";
import type { SendInfo } from "../types/sink.ts";
import type { HeadersGiven, HttpOptions } from "../types/sink-options.ts";
import { badOption, checkType } from "./_options.ts";

/** A smaller body is sent as it is: the overhead of gzip is more than it saves. */
const GZIP_FROM_BYTES = 1024;
/** Browsers allow 64 KiB for all keepalive bodies of a page together. A little of it is left to the page. */
const KEEPALIVE_MAX_BYTES = 60 * 1024;

/** https://www.rfc-editor.org/rfc/rfc9110#name-tokens */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;
/** What `fetch` takes in no header: control characters, and all beyond Latin-1. */
const NO_HEADER = /[^\t\x20-\x7e\x80-\xff]/;

/** Posts a batch. The same batch has the same Idempotency-Key on each attempt. */
export async function post(
  options: Omit<HttpOptions, "url">,
  url: string,
  own: Record<string, string>,
  bytes: Uint8Array,
  info: SendInfo,
): Promise<ResponseLike | "too-large"> {
  const { signal, leaving } = info;
  const headers: Record<string, string> = {
    "idempotency-key": info.batchId,
    ...own,
    ...checked(await headersOf(options, info.env)),
  };
  let body = bytes;
  // A page that is going away has no time for compression.
  if (leaving !== true && options.gzip !== false && headers["content-encoding"] === undefined) {
    body = (await gzipped(bytes)) ?? bytes;
    if (body !== bytes) headers["content-encoding"] = "gzip";
  }
  // The deadline may have passed meanwhile. The batch may then be sent again, so this attempt must not go out.
  if (signal.aborted) throw new TidegateError("sink/deadline", "the deadline has passed");
  // Called without `this`: the global fetch of some runtimes refuses any other.
  const { fetch: send = fetch as FetchLike } = options;
  // A redirect is not followed: it could turn the POST into a GET, look like success, or take the credentials elsewhere.
  const init = { method: "POST", headers, body, signal, redirect: "manual" };
  if (leaving === undefined) return sent(send(url, init));
  // The batch is halved until it fits. The rest goes with the next batch.
  if (leaving && body.length > KEEPALIVE_MAX_BYTES && info.count > 1) return "too-large";
  return sendKeepalive(body.length, (keepalive) => sent(send(url, { ...init, keepalive })));
}

/** Marks what `fetch` rejects with: it was the network, and no fault of the sink. */
async function sent(response: PromiseLike<ResponseLike>): Promise<ResponseLike> {
  try {
    return await response;
  } catch (cause) {
    throw new TidegateError("sink/network", "fetch failed", cause);
  }
}

let keepaliveBytes = 0;

/** Sends with keepalive if the body fits into the free share, else without: a browser would refuse it. */
async function sendKeepalive(
  bytes: number,
  send: (keepalive: boolean) => Promise<ResponseLike>,
): Promise<ResponseLike> {
  if (keepaliveBytes + bytes > KEEPALIVE_MAX_BYTES) return send(false);
  keepaliveBytes += bytes;
  try {
    return await send(true);
  } finally {
    keepaliveBytes -= bytes;
  }
}

function headersOf(
  { headers }: Pick<HttpOptions, "headers">,
  env: unknown,
): HeadersGiven | PromiseLike<HeadersGiven> {
  return typeof headers === "function" ? headers(env) : (headers ?? {});
}

/** In lower case, so that a user's header replaces ours instead of being joined to it. */
export function checked(headers: HeadersGiven): Record<string, string> {
  const present = Object.entries(headers).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(present.map(([name, value]) => checkedHeader(name.toLowerCase(), String(value))));
}

/** `fetch` would throw an error that shows the value. */
function checkedHeader(name: string, value: string): [name: string, value: string] {
  if (!TOKEN.test(name)) throw new TidegateError("sink/header", "a header has an illegal name");
  const trimmed = value.trim();
  if (NO_HEADER.test(trimmed)) {
    throw new TidegateError("sink/header", `the header ${name} has an illegal character`);
  }
  return [name, trimmed];
}

/** Undefined: it is not worth it, or the runtime cannot. */
async function gzipped(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  // By its name alone Next's build for the edge, which has no such class, warns of it.
  const { CompressionStream: Gzip } = globalThis;
  if (bytes.length < GZIP_FROM_BYTES || typeof Gzip !== "function") return undefined;
  try {
    const stream = new Gzip("gzip");
    const writer = stream.writable.getWriter();
    // Not awaited, since the writer waits for the reader. An error here is also thrown by the reader.
    const written = writer.write(bytes as Uint8Array<ArrayBuffer>).then(() => writer.close());
    written.catch(() => {});
    const packed = new Uint8Array(await new Response(stream.readable).arrayBuffer());
    return packed.length < bytes.length ? packed : undefined;
  } catch {
    return undefined;
  }
}

/** Checks the options that HTTP sinks share, except the URL. Throws TidegateError `config/sink`. */
export function checkHttp(sink: string, options: Omit<HttpOptions, "url">): void {
  const { headers, fetch, gzip } = options;
  checkType(sink, "headers", headers, ["object", "function"]);
  checkType(sink, "fetch", fetch, ["function"]);
  checkType(sink, "gzip", gzip, ["boolean"]);
}

/** The options that HTTP sinks share. */
export const HTTP_OPTIONS: readonly string[] = [
  "url",
  "name",
  "headers",
  "fetch",
  "gzip",
  "batchMax",
  "maxBytes",
  "intervalMs",
];

/** In a page it may be relative, as for fetch. */
export function urlOf(url: string): URL {
  return new URL(url, (globalThis as { location?: { href?: string } }).location?.href);
}

export function badUrl(sink: string, message: string): Error {
  return badOption(sink, "url", message, "config/sink-url");
}

/** Throws TidegateError `config/sink-url`. */
export function checkUrl(sink: string, url: unknown): void {
  if (typeof url !== "string" || url === "") throw badUrl(sink, "is required");
  let given: URL;
  try {
    given = urlOf(url);
  } catch {
    // It may hold a password.
    throw badUrl(sink, "is not a URL");
  }
  if (!["http:", "https:"].includes(given.protocol))
    throw badUrl(sink, "must start with http:// or https://");
  // fetch would refuse it at every send.
  const hasCredentials = given.username !== "" || given.password !== "";
  if (hasCredentials) throw badUrl(sink, "must not hold credentials: they go into headers");
}
