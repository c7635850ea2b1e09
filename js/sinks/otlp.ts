import type { BytesSink } from "../types/sink.ts";
import type { OtlpOptions, OtlpSignal } from "../types/sink-options.ts";
import { badUrl, checkHttp, post } from "./_http.ts";
import { badOption, copyOf, limits } from "./_options.ts";

const SIGNALS: readonly OtlpSignal[] = ["traces", "metrics", "logs"];
const CONTENT_TYPES = { protobuf: "application/x-protobuf", json: "application/json" };

/**
 * Posts OTLP/HTTP: one sink per signal, each to `<url>/v1/<signal>`. Put the result into `sinks` as it is.
 *
 * `traces` carry requests, functions and queries. `logs` carry events of your own. `metrics` are histograms of every
 * request and query, sampled or not.
 *
 * 200 means delivered; what a partial success rejects is counted. 429, 502, 503, 504 and network errors are tried
 * again. 413 halves the batch. Any other status drops the batch as rejected.
 *
 * Throws TidegateError `config/sink-url` or `config/sink`, which names the option.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 * @example
 * otlp({ url: "https://otlp.example.com", headers: (env) => ({ "api-key": env.KEY }), signals: ["traces", "logs"] })
 */
export function otlp(options: OtlpOptions): readonly BytesSink[] {
  const given = copyOf("otlp", options);
  checkHttp("otlp", given);
  checkOtlp(given);
  const { name = "otlp", encoding = "protobuf", signals = ["traces"] } = given;
  return signals.map((signal) => ({
    name: `${name}-${signal}`,
    format: `otlp-${signal}-${encoding}`,
    ...limits(given),
    send: (bytes, info) => post(given, endpoint(given.url, signal), CONTENT_TYPES[encoding], bytes, info),
  }));
}

/** Appends the signal's path. The base may end with a slash, and a query stays where it is. */
function endpoint(base: string, signal: OtlpSignal): string {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/v1/${signal}`;
  return url.href;
}

function checkOtlp({ url, signals, encoding }: OtlpOptions): void {
  if (/\/v1\/(traces|metrics|logs)\/?$/.test(new URL(url).pathname)) {
    throw badUrl("otlp", "must be the base: /v1/<signal> is appended");
  }
  if (encoding !== undefined && !Object.hasOwn(CONTENT_TYPES, encoding)) {
    throw badOption("otlp", "encoding", 'must be "protobuf" or "json"');
  }
  if (signals === undefined) return;
  const areKnown = Array.isArray(signals) && signals.every((signal) => SIGNALS.includes(signal));
  if (areKnown && signals.length > 0 && new Set(signals).size === signals.length) return;
  throw badOption("otlp", "signals", `must be a list of ${SIGNALS.join(", ")}, each at most once`);
}
