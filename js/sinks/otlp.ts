import { ownEnv, pairsOf, variable } from "../runtime/environment.ts";
import { TidegateError } from "../types/error.ts";
import type { BytesSink } from "../types/sink.ts";
import type { SinkInternals } from "../types/sink-internals.ts";
import type { OtlpOptions, OtlpSignal } from "../types/sink-options.ts";
import { badUrl, checked, checkHttp, checkUrl, HTTP_OPTIONS, post, urlOf } from "./_http.ts";
import { badOption, copyOf, limits } from "./_options.ts";

const SIGNALS: readonly OtlpSignal[] = ["traces", "metrics", "logs"];
const ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT";
const HEADERS = "OTEL_EXPORTER_OTLP_HEADERS";
const CONTENT_TYPES = { protobuf: "application/x-protobuf", json: "application/json" };

/**
 * Posts OTLP/HTTP: one sink per signal, each to `<url>/v1/<signal>`. Put the result into `sinks` as it is.
 *
 * `traces` carry requests, functions and queries. `logs` carry events of your own. `metrics` are histograms of every
 * request and query, sampled or not, and your own counters, gauges and histograms.
 *
 * 200 means delivered; what a partial success rejects is counted. 429, 502, 503, 504 and network errors are tried
 * again. 413 halves the batch. Any other status drops the batch as rejected.
 *
 * Without a `url` both it and further headers come from OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS. Those
 * headers are never sent to a `url` of the options.
 *
 * Throws TidegateError `config/sink-url` or `config/sink`, which names the option.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 * @example
 * otlp({ url: "https://otlp.example.com", headers: (env) => ({ "api-key": env.KEY }), signals: ["traces", "logs"] })
 */
export function otlp(options?: OtlpOptions): readonly BytesSink[] {
  const given = copyOf<OtlpOptions>("otlp", options, [...HTTP_OPTIONS, "signals", "encoding", "temporality"]);
  // One that is given as undefined is a mistake, and no wish for the one of the environment.
  if ("url" in given) checkBase(given.url);
  else if (ownEnv() !== undefined) endpointOf(ownEnv());
  checkHttp("otlp", given);
  checkOtlp(given);
  const { name = "otlp", encoding = "protobuf", signals = ["traces"], temporality = "delta" } = given;
  return signals.map((signal) => {
    const addressOf = (env: unknown) => endpoint(given.url ?? endpointOf(env), signal);
    const sink: BytesSink & SinkInternals = {
      name: `${name}-${signal}`,
      format: `otlp-${signal}-${encoding}`,
      addressOf,
      ...limits(given),
      temporality,
      async send(bytes, info) {
        const own = { "content-type": CONTENT_TYPES[encoding] };
        const headers = given.url === undefined ? { ...own, ...headersOf(info.env) } : own;
        return post(given, addressOf(info.env), headers, bytes, info);
      },
    };
    return sink;
  });
}

/** The base that the environment names. */
function endpointOf(env: unknown): string {
  const url = variable(env, ENDPOINT) ?? variable(ownEnv(), ENDPOINT);
  if (url === undefined) throw badUrl("otlp", `is required, or ${ENDPOINT} in the environment`);
  checkBase(url);
  return url;
}

/** The headers that belong to that base, and to no other. */
function headersOf(env: unknown): Record<string, string> {
  const text = variable(env, HEADERS) ?? variable(ownEnv(), HEADERS);
  const pairs = text === undefined ? [] : pairsOf(text);
  if (pairs === undefined) throw new TidegateError("sink/header", `${HEADERS} is no list of key=value pairs`);
  return checked(Object.fromEntries(pairs));
}

/** Appends the signal's path. The base may end with a slash, and a query stays where it is. */
function endpoint(base: string, signal: OtlpSignal): string {
  const url = urlOf(base);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/v1/${signal}`;
  return url.href;
}

function checkBase(url: unknown): void {
  checkUrl("otlp", url);
  if (/\/v1\/(traces|metrics|logs)\/?$/.test(urlOf(url as string).pathname)) {
    throw badUrl("otlp", "must be the base: /v1/<signal> is appended");
  }
}

function checkOtlp({ signals, encoding, temporality }: OtlpOptions): void {
  if (encoding !== undefined && !Object.hasOwn(CONTENT_TYPES, encoding)) {
    throw badOption("otlp", "encoding", 'must be "protobuf" or "json"');
  }
  if (temporality !== undefined && temporality !== "delta" && temporality !== "cumulative") {
    throw badOption("otlp", "temporality", 'must be "delta" or "cumulative"');
  }
  if (signals === undefined) return;
  const areKnown = Array.isArray(signals) && signals.every((signal) => SIGNALS.includes(signal));
  if (areKnown && signals.length > 0 && new Set(signals).size === signals.length) return;
  throw badOption("otlp", "signals", `must be a list of ${SIGNALS.join(", ")}, each at most once`);
}
