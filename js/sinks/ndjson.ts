import type { BytesSink } from "../types/sink.ts";
import type { SinkInternals } from "../types/sink-internals.ts";
import type { NdjsonOptions } from "../types/sink-options.ts";
import { checkHttp, checkUrl, HTTP_OPTIONS, post } from "./_http.ts";
import { copyOf, limits } from "./_options.ts";

/**
 * Posts batches as newline-delimited JSON: one line per event, and a last line with the counters.
 *
 * 2xx means delivered. 408, 425, 429, 500, 502, 503, 504 and network errors are tried again. 413 halves the batch. Any
 * other status, redirects included, drops the batch as rejected.
 *
 * Throws TidegateError `config/sink-url` or `config/sink`, which names the option.
 *
 * @example
 * ndjson({ url: "https://example.com/events", headers: (env) => ({ authorization: `Bearer ${env.TOKEN}` }) })
 */
export function ndjson(options: NdjsonOptions): BytesSink {
  const given = copyOf("ndjson", options, HTTP_OPTIONS);
  checkUrl("ndjson", given.url);
  checkHttp("ndjson", given);
  const sink: BytesSink & SinkInternals = {
    name: given.name ?? "ndjson",
    format: "ndjson",
    addressOf: () => given.url,
    ...limits(given),
    send: (bytes, info) => post(given, given.url, { "content-type": "application/x-ndjson" }, bytes, info),
  };
  return sink;
}
