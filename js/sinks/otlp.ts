import type { BytesSink, OtlpOptions, OtlpSignal, Sink } from "../types.ts";
import { httpProblem, limits, post } from "./_http.ts";

const SIGNALS: readonly OtlpSignal[] = ["traces", "metrics", "logs"];
const CONTENT_TYPES = { protobuf: "application/x-protobuf", json: "application/json" };

/**
 * Posts OTLP/HTTP: one sink a signal, each to `<url>/v1/<signal>`. Put the result into `sinks` as it is.
 *
 * `traces` carry requests, functions and queries; `logs` carry events of your own; `metrics` are histograms of
 * every request and query, sampled or not. 200 is delivered, and what a partial success rejects is counted;
 * 429 502 503 504 and network errors are tried again; 413 halves the batch; anything else drops it as rejected.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 * @example
 * otlp({ url: "https://otlp.example.com", headers: (env) => ({ "api-key": env.KEY }), signals: ["traces", "logs"] })
 */
export function otlp(options: OtlpOptions): readonly BytesSink[] {
  const given: Partial<OtlpOptions> = options ?? {};
  const problem = httpProblem(given) ?? otlpProblem(given);
  const { name = "otlp", encoding = "protobuf", signals = ["traces"] } = given;
  // One sink is enough to carry the problem.
  const wanted: readonly OtlpSignal[] = problem === undefined ? signals : ["traces"];
  return wanted.map((signal) => ({
    name: `${name}-${signal}`,
    format: `otlp-${signal}-${encoding}`,
    ...limits(given),
    ...(problem === undefined ? {} : { problem }),
    send: (bytes, info) => {
      const target = endpoint(String(given.url), signal);
      return post(given as OtlpOptions, target, CONTENT_TYPES[encoding], bytes, info);
    },
  }));
}

/** The base's path, with or without a slash at its end, and then the signal's; a query stays where it is. */
function endpoint(base: string, signal: OtlpSignal): string {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/v1/${signal}`;
  return url.href;
}

function otlpProblem({ url, signals, encoding }: Partial<OtlpOptions>): Sink["problem"] {
  if (/\/v1\/(traces|metrics|logs)\/?$/.test(new URL(String(url)).pathname)) {
    return { code: "config/sink-url", option: "url", message: "must be the base: /v1/<signal> is appended" };
  }
  const bad = (option: string, message: string) => ({ code: "config/sink", option, message });
  if (encoding !== undefined && !Object.hasOwn(CONTENT_TYPES, encoding)) {
    return bad("encoding", 'must be "protobuf" or "json"');
  }
  if (signals === undefined) return undefined;
  const known = Array.isArray(signals) && signals.every((signal) => SIGNALS.includes(signal));
  if (known && signals.length > 0 && new Set(signals).size === signals.length) return undefined;
  return bad("signals", `must be a list of ${SIGNALS.join(", ")}, each at most once`);
}
