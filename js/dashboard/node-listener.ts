/** From a handler of Requests to a listener of Node's http servers. */
import type { HostRequest, HostResponse } from "../types/metrics.ts";

/** The part of node:http's IncomingMessage that is used. */
export interface ListenerRequest extends AsyncIterable<Uint8Array> {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Express: the URL with the path under which a router is mounted. */
  readonly originalUrl?: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly socket: object;
  readonly readableEnded?: boolean;
  /** What a parser of bodies has made of it. */
  readonly body?: unknown;
}

/** The part of node:http's ServerResponse that is used. */
export interface ListenerResponse {
  writeHead(status: number, headers: Record<string, string | string[]>): unknown;
  write(chunk: Uint8Array): boolean;
  end(): unknown;
  destroy(): unknown;
  once(event: string, listener: () => void): unknown;
  readonly destroyed: boolean;
  readonly headersSent: boolean;
}

type Handler = (request: HostRequest) => Promise<HostResponse>;

/** More than any request to a dashboard has. */
const BODY_MAX = 65_536;

/**
 * A listener for `createServer` of `node:http`, and for Express, that answers by `handler`.
 *
 * The listener never throws. It answers 500 if the handler fails, or if a request has a body of more than 64 KiB.
 *
 * @example
 * app.use("/tide", toListener(dashboard(tide, { token })));
 */
export function toListener(handler: Handler): (request: ListenerRequest, response: ListenerResponse) => void {
  return (request, response) => {
    respond(handler, request, response).catch(() => fail(response));
  };
}

async function respond(handler: Handler, from: ListenerRequest, to: ListenerResponse): Promise<void> {
  const { status, headers, body } = (await handler((await requestOf(from)) as HostRequest)) as Response;
  to.writeHead(status, Object.fromEntries(headers));
  if (body !== null) await pipe(body.getReader(), to);
  to.end();
}

/** A client must not take a part of an answer for the whole. */
function fail(response: ListenerResponse): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(500, {});
  response.end();
}

async function requestOf(from: ListenerRequest): Promise<Request> {
  const headers = new Headers();
  for (const [name, value] of Object.entries(from.headers)) {
    // Names with a colon are HTTP/2's own.
    if (value !== undefined && !name.startsWith(":")) headers.set(name, String(value));
  }
  const method = from.method ?? "GET";
  const scheme = (from.socket as { encrypted?: boolean }).encrypted === true ? "https" : "http";
  const authority = headers.get("host") ?? String(from.headers[":authority"] ?? "localhost");
  const url = `${scheme}://${authority}${pathOf(from.originalUrl ?? from.url ?? "/")}`;
  const hasBody = method !== "GET" && method !== "HEAD";
  return new Request(url, { method, headers, ...(hasBody && { body: await bodyOf(from) }) });
}

/** With its query. A target may be a whole URL, and one with two slashes is not: the host is what the header says. */
function pathOf(target: string): string {
  return target.startsWith("/") ? target : target.replace(/^[a-z]+:\/\/[^/?]*/i, "") || "/";
}

async function bodyOf(from: ListenerRequest): Promise<string> {
  if (from.readableEnded === true) return String(new URLSearchParams(from.body as Record<string, string>));
  const decoder = new TextDecoder();
  let [text, length] = ["", 0];
  for await (const chunk of from) {
    length += chunk.length;
    if (length > BODY_MAX) throw new RangeError("the body is too long");
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Waits while the client reads slowly, and ends the stream when it leaves. */
async function pipe(reader: ReadableStreamDefaultReader<Uint8Array>, to: ListenerResponse): Promise<void> {
  if (to.destroyed) return reader.cancel();
  const isGone = new Promise<"gone">((resolve) => to.once("close", () => resolve("gone")));
  for (;;) {
    const part = await Promise.race([isGone, reader.read()]);
    if (part === "gone") return reader.cancel();
    if (part.done) return;
    if (to.write(part.value)) continue;
    const isDrained = new Promise<void>((resolve) => to.once("drain", resolve));
    // A body that fails meanwhile ends the wait: a client that reads nothing would never do so.
    await Promise.race([isDrained, isGone, reader.closed]);
  }
}
