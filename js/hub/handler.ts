import { hasToken } from "../runtime/secrets.ts";
import { TidegateError } from "../types/error.ts";
import type { HostRequest, HostResponse } from "../types/metrics.ts";
import { answerTo } from "./object/answer.ts";
import { hubSource } from "./read/source.ts";
import { ADDRESS, checkedShards, fetchOfShard, type HubNamespace, isNamespace, shardOf } from "./shards.ts";

/** Options of `hubHandler`. */
export interface HubHandlerOptions {
  /** Required: without it, or with an empty one, every answer is 404. */
  readonly token: string | undefined;
  /** How many objects the service is spread over, 1…64. @default 1 */
  readonly shards?: number;
}

const BATCH_ID = /^([0-9a-f]{16})-\d+-\d+$/;
const TEXT = "text/plain; version=0.0.4; charset=utf-8";
const OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/**
 * The hub over HTTP: a POST is a push of a process elsewhere, a GET is a scrape by Prometheus. Both need
 * `Authorization: Bearer <token>`; without it the answer is 401.
 *
 * The path does not matter: mount it where you like.
 *
 * Throws TidegateError `config/hub`.
 *
 * @example
 * const handler = hubHandler(env.TIDE_HUB, { token: env.HUB_TOKEN });
 * if (url.pathname === "/hub") return handler(request);
 */
export function hubHandler(
  namespace: HubNamespace,
  options: HubHandlerOptions,
): (request: HostRequest) => Promise<HostResponse> {
  if (options.token !== undefined && typeof options.token !== "string") {
    throw new TidegateError("config/hub", "hub: token must be a text");
  }
  // A secret that came out of a file has a line end, which no header has.
  const token = options.token?.trim();
  const shards = checkedShards(options.shards);
  if (!isNamespace(namespace)) throw new TidegateError("config/hub", "hub: not a Durable Object namespace");
  return async (given): Promise<HostResponse> => {
    const request = given as Request;
    if (!token) return plain(404, "not found");
    if (!hasToken(request, token)) return plain(401, "unauthorized", { "www-authenticate": "Bearer" });
    if (request.method === "POST") return forwarded(request, namespace, shards);
    if (request.method === "GET") return scraped(request, namespace, shards);
    return plain(405, "method not allowed", { allow: "GET, POST" });
  };
}

/** The object reads the body, and no more of it than it takes. */
async function forwarded(request: Request, namespace: HubNamespace, shards: number): Promise<Response> {
  const batchId = request.headers.get("idempotency-key") ?? "";
  const isolate = BATCH_ID.exec(batchId)?.[1];
  if (isolate === undefined) return answerTo("damaged");
  const headers: Record<string, string> = { "idempotency-key": batchId };
  const encoding = request.headers.get("content-encoding");
  if (encoding !== null) headers["content-encoding"] = encoding;
  const send = fetchOfShard(namespace, shardOf(isolate, shards));
  try {
    return (await send(`${ADDRESS}/push`, { method: "POST", headers, body: request.body })) as Response;
  } catch {
    return answerTo("failed");
  }
}

async function scraped({ headers }: Request, namespace: HubNamespace, shards: number): Promise<Response> {
  const openMetrics = headers.get("accept")?.includes("application/openmetrics-text") === true;
  try {
    const text = await hubSource(namespace, { shards }).metricsText(openMetrics);
    const type = openMetrics ? OPEN_METRICS : TEXT;
    return new Response(text, { headers: { "content-type": type, "cache-control": "no-store" } });
  } catch {
    // A part of the sums would be a fall of the counters.
    return plain(503, "a shard does not answer");
  }
}

function plain(status: number, text: string, headers: Record<string, string> = {}): Response {
  return new Response(`${text}\n`, { status, headers: { "cache-control": "no-store", ...headers } });
}
