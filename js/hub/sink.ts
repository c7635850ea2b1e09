import { checkHttp, checkUrl, post } from "../sinks/_http.ts";
import { badOption, copyOf, limits } from "../sinks/_options.ts";
import type { FetchLike } from "../types/http.ts";
import type { BytesSink } from "../types/sink.ts";
import type { SinkInternals } from "../types/sink-internals.ts";
import type { HttpOptions } from "../types/sink-options.ts";
import { ADDRESS, checkedShards, fetchOfShard, type HubNamespace, isNamespace, shardOf } from "./shards.ts";

interface HubSinkBase {
  /** Names the sink in counters and notices. @default "hub" */
  readonly name?: string;
  /** How long figures wait at most until they are pushed, 0…3 600 000 ms. `flush` and `close` push at once. @default 5000 */
  readonly intervalMs?: number;
}

/** Options of a sink that pushes to a hub by its binding. */
export interface HubSinkOptions extends HubSinkBase {
  /** How many objects the service is spread over, 1…64: the same number everywhere. @default 1 */
  readonly shards?: number;
}

/** Options of a sink that pushes to a hub over HTTP. */
export interface HubHttpOptions extends HubSinkBase, Pick<HttpOptions, "url" | "headers" | "fetch" | "gzip"> {
  /** As `hubHandler` has it. It is sent as `Authorization: Bearer`. */
  readonly token?: string | undefined;
}

/**
 * A sink that pushes statistics, metrics, counters and recent exceptions to the hub: by the binding of a Durable Object
 * namespace, or over HTTP to a `hubHandler`.
 *
 * A push carries what was recorded since the last one. It is tried again until the hub has it, and counted once.
 *
 * Throws TidegateError `config/hub`, `config/sink` or `config/sink-url`, which names the option.
 *
 * @example
 * createCollector((env) => ({ sinks: [hub(env.TIDE_HUB)] }));
 * @example
 * createCollector({ sinks: [hub({ url: "https://shop.example/hub", token: process.env.HUB_TOKEN })] });
 */
export function hub(namespace: HubNamespace, options?: HubSinkOptions): BytesSink;
export function hub(options: HubHttpOptions): BytesSink;
export function hub(target: HubNamespace | HubHttpOptions, options: HubSinkOptions = {}): BytesSink {
  return isNamespace(target) ? boundSink(target, options) : httpSink(target);
}

function boundSink(namespace: HubNamespace, options: HubSinkOptions): BytesSink {
  const given = copyOf("hub", options, ["shards", "name", "intervalMs"]);
  const shards = checkedShards(given.shards);
  return sinkOf(given, ADDRESS, (bytes, info) => {
    const send = fetchOfShard(namespace, shardOf(info.batchId, shards));
    return post({ fetch: send, gzip: false }, `${ADDRESS}/push`, TYPE, bytes, info);
  });
}

function httpSink(options: HubHttpOptions): BytesSink {
  const given = copyOf("hub", options, HTTP_NAMES);
  const { url, token, headers, fetch: send, gzip } = given;
  checkUrl("hub", url);
  checkHttp("hub", given);
  if (token !== undefined && typeof token !== "string") throw badOption("hub", "token", "must be a text");
  const own = token?.trim() ? { ...TYPE, authorization: `Bearer ${token.trim()}` } : TYPE;
  const http = { headers, fetch: send as FetchLike | undefined, gzip };
  return sinkOf(given, url, (bytes, info) => post(http, url, own, bytes, info));
}

function sinkOf(given: HubSinkBase, address: string, send: BytesSink["send"]): BytesSink {
  const { name = "hub", intervalMs = 5000 } = given;
  const sink: BytesSink & SinkInternals = {
    name,
    format: "stats",
    addressOf: () => address,
    ...limits({ intervalMs }),
    send,
  };
  return sink;
}

const HTTP_NAMES = ["url", "token", "name", "headers", "fetch", "gzip", "intervalMs"];
const TYPE = { "content-type": "application/vnd.tidegate.stats" };
