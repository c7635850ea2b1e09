/** The handlers of Cloudflare's classes and objects: what each is called, and how it is measured. */

import { type Context, RequestRecord } from "../runtime/link.ts";
import type { WaitUntil } from "../runtime/port.ts";
import { hasStream, untilBodyEnds } from "./_body.ts";
import { answered, begin, failed, openAs, type RequestLike, respond } from "./_request.ts";

// biome-ignore lint/suspicious/noExplicitAny: each Worker has its own env, and its own flavor of these types
export type Handler = (...args: any[]) => any;

/** How requests are measured. */
export interface InstrumentOptions {
  /** The route template of a request. Default: the path, id-like segments shown as `:id`. */
  // biome-ignore lint/suspicious/noExplicitAny: the Request type of whoever writes the function
  readonly route?: (request: any) => string | undefined;
  /**
   * The duration of a streamed response lasts until its body ends, rather than until its headers; a client that
   * leaves before is told as the error `client_disconnected`. Default false.
   *
   * It costs a copy of each body, which takes a Worker most of its throughput; the length of a body that was known is
   * not known any more. Left alone: responses without a body, to HEAD, with a `Content-Encoding`, and WebSockets.
   */
  readonly untilBodyEnds?: boolean;
}

/** One call of a handler. */
export interface Call {
  readonly tide: object;
  readonly env: unknown;
  readonly context: Context | undefined;
  readonly run: () => unknown;
}

/** Runs a `fetch` handler as a request. */
export function asRequest(call: Call, request: RequestLike, options: InstrumentOptions | undefined): unknown {
  const { tide, env, context, run } = call;
  const record = begin(tide, request, env, options?.route, true);
  if (record === undefined) return run();
  if (options?.untilBodyEnds === true && context !== undefined && request.method !== "HEAD") {
    return streamed(record, run, context);
  }
  return respond(record, run, context);
}

/** Runs any other handler as the root of a trace, called `name`; `tide.scope(key)` finds it. */
export function asRoot({ tide, env, context, run }: Call, name: () => string, key: unknown): unknown {
  const record = openAs(tide, env, (link) => {
    const request = typeof key === "object" && key !== null ? key : {};
    return new RequestRecord(link, request, name(), undefined, true);
  });
  return record === undefined ? run() : respond(record, run, context);
}

/** What a handler that is not `fetch` is called; undefined: it is none. */
export function rootName(handler: string, first: unknown): (() => string) | undefined {
  const given = first as { readonly cron?: unknown; readonly queue?: unknown } | null | undefined;
  switch (handler) {
    case "scheduled":
      return () => `scheduled:${given?.cron}`;
    case "queue":
      return () => `queue:${given?.queue}`;
    case "email":
    case "tail":
      return () => handler;
    default:
      return undefined;
  }
}

/** The end of the body ends the request; the response goes on to the client at once. */
async function streamed(record: RequestRecord, run: () => unknown, context: WaitUntil): Promise<unknown> {
  let response: unknown;
  try {
    response = await record.link.run(record, run);
  } catch (error) {
    failed(record, error, context);
    throw error;
  }
  if (!hasStream(response)) {
    answered(record, response, context);
    return response;
  }
  const { status } = response;
  return untilBodyEnds(response, context, (error) => record.link.end(record, status, error, context));
}
