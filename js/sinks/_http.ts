/** Posting a batch over HTTP: headers, gzip, one POST. The run loop owns the deadline, reads the status and the body. */
import type { FetchLike, HeadersGiven, HttpOptions, ResponseLike, SendInfo, Sink } from "../types.ts";

/** Below this a body is sent as it is: the header costs more than it saves. */
const GZIP_FROM_BYTES = 1024;

/** One POST. The same batch has the same Idempotency-Key on each attempt. */
export async function post(
  options: HttpOptions,
  url: string,
  contentType: string,
  bytes: Uint8Array,
  info: SendInfo,
): Promise<ResponseLike | "too-large"> {
  const { signal, leaving } = info;
  const headers: Record<string, string> = {
    "content-type": contentType,
    "idempotency-key": info.batchId,
    ...lowerCase(await given(options.headers, info.env)),
  };
  let body = bytes;
  // Compressing takes longer than a page that is going away has left.
  if (leaving !== true && options.gzip !== false && headers["content-encoding"] === undefined) {
    body = (await gzipped(bytes)) ?? bytes;
    if (body !== bytes) headers["content-encoding"] = "gzip";
  }
  // The deadline is over the whole of it: a batch that was taken back must not be posted any more.
  if (signal.aborted) throw new Error("the deadline has passed");
  const { fetch: send = fetch as FetchLike } = options;
  // Followed, a redirect could turn the POST into a GET, look like success, or take the credentials elsewhere.
  // Called without `this`: the global fetch of some runtimes refuses any other.
  const init = { method: "POST", headers, body, signal, redirect: "manual" };
  if (leaving === undefined) return send(url, init);
  // Halved until it fits; what is left over goes with the next batch.
  if (leaving && body.length > KEEPALIVE_MAX_BYTES && info.count > 1) return "too-large";
  return outliving(body.length, (keepalive) => send(url, { ...init, keepalive }));
}

/** What browsers allow all keepalive bodies of a page together is 64 KiB; a little is left to the page. */
const KEEPALIVE_MAX_BYTES = 60 * 1024;
let keepaliveBytes = 0;

/** Sends with keepalive what fits into the share that is free, all else without: a browser would refuse it. */
async function outliving(
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

function given(headers: HttpOptions["headers"], env: unknown): HeadersGiven | PromiseLike<HeadersGiven> {
  return typeof headers === "function" ? headers(env) : (headers ?? {});
}

/** So that a user's header replaces ours instead of being joined to it; one without a value is none. */
function lowerCase(headers: HeadersGiven): Record<string, string> {
  const present = Object.entries(headers).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(present.map(([name, value]) => [name.toLowerCase(), String(value)]));
}

/** Undefined where it is not worth it or the runtime cannot. */
async function gzipped(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  if (bytes.length < GZIP_FROM_BYTES || typeof CompressionStream !== "function") return undefined;
  try {
    const packing = new CompressionStream("gzip");
    const writer = packing.writable.getWriter();
    // Not awaited: the writer waits for the reader. What fails here fails there too.
    const written = writer.write(bytes as Uint8Array<ArrayBuffer>).then(() => writer.close());
    written.catch(() => {});
    const packed = new Uint8Array(await new Response(packing.readable).arrayBuffer());
    return packed.length < bytes.length ? packed : undefined;
  } catch {
    return undefined;
  }
}

/** The first thing wrong with the options that HTTP sinks share; undefined if they can be used. */
export function httpProblem(options: Partial<HttpOptions>): Sink["problem"] {
  const { url, headers, fetch, gzip } = options;
  return (
    urlProblem(url) ??
    typeProblem("headers", headers, ["object", "function"]) ??
    typeProblem("fetch", fetch, ["function"]) ??
    typeProblem("gzip", gzip, ["boolean"])
  );
}

/** Why `url` cannot be posted to. */
function urlProblem(url: unknown): Sink["problem"] {
  const bad = (message: string) => ({ code: "config/sink-url", option: "url", message });
  if (typeof url !== "string" || url === "") return bad("is required");
  let parsed: URL;
  try {
    // In a page it may be relative, as for fetch.
    parsed = new URL(url, (globalThis as { location?: { href?: string } }).location?.href);
  } catch {
    return bad(`is not a URL: ${JSON.stringify(url)}`);
  }
  if (!/^https?:$/.test(parsed.protocol)) return bad("must start with http:// or https://");
  // fetch would refuse it at every send.
  const secret = parsed.username !== "" || parsed.password !== "";
  return secret ? bad("must not hold credentials: they go into headers") : undefined;
}

function typeProblem(option: string, value: unknown, types: readonly string[]): Sink["problem"] {
  if (value === undefined || (value !== null && types.includes(typeof value))) return undefined;
  return { code: "config/sink", option, message: `must be of type ${types.join(" or ")}` };
}

/** What a factory passes on if it was given. */
export function limits(options: Partial<HttpOptions>): Pick<Sink, "batchMax" | "maxBytes"> {
  const { batchMax, maxBytes } = options;
  return {
    ...(batchMax === undefined ? {} : { batchMax }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
  };
}
