import type { NdjsonOptions, Sink } from "../types.ts";
import { post, urlProblem } from "./_http.ts";

/**
 * Posts batches as newline-delimited JSON: one line an event, and a last line with the counters.
 *
 * 2xx is delivered; 408 425 429 500 502 503 504 and network errors are tried again; 413 halves the batch;
 * anything else drops it as rejected.
 *
 * @example
 * ndjson({ url: "https://example.com/events", headers: { authorization: "Bearer …" } })
 */
export function ndjson(options: NdjsonOptions): Sink {
  const given: Partial<NdjsonOptions> = options ?? {};
  const { name = "ndjson", batchMax, maxBytes } = given;
  const problem = urlProblem(given.url) ?? headersProblem(given.headers) ?? fetchProblem(given.fetch);
  return {
    name,
    format: "ndjson",
    ...(batchMax === undefined ? {} : { batchMax }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(problem === undefined ? {} : { problem }),
    send: (bytes, info) => post(given as NdjsonOptions, "application/x-ndjson", bytes, info),
  };
}

function headersProblem(headers: unknown): Sink["problem"] {
  if (headers === undefined || typeof headers === "function") return undefined;
  if (typeof headers === "object" && headers !== null) return undefined;
  return { code: "config/sink", option: "headers", message: "must be an object or a function" };
}

function fetchProblem(fetch: unknown): Sink["problem"] {
  if (fetch === undefined || typeof fetch === "function") return undefined;
  return { code: "config/sink", option: "fetch", message: "must be a function" };
}
