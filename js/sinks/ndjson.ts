import type { BytesSink, NdjsonOptions } from "../types.ts";
import { httpProblem, limits, post } from "./_http.ts";

/**
 * Posts batches as newline-delimited JSON: one line an event, and a last line with the counters.
 *
 * 2xx is delivered; 408 425 429 500 502 503 504 and network errors are tried again; 413 halves the batch;
 * anything else, redirects included, drops it as rejected.
 *
 * @example
 * ndjson({ url: "https://example.com/events", headers: (env) => ({ authorization: `Bearer ${env.TOKEN}` }) })
 */
export function ndjson(options: NdjsonOptions): BytesSink {
  const given: Partial<NdjsonOptions> = options ?? {};
  const problem = httpProblem(given);
  return {
    name: given.name ?? "ndjson",
    format: "ndjson",
    ...limits(given),
    ...(problem === undefined ? {} : { problem }),
    send: (bytes, info) =>
      post(given as NdjsonOptions, String(given.url), "application/x-ndjson", bytes, info),
  };
}
