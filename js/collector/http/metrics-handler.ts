import { bridgeOf } from "../../runtime/bridge.ts";
import { hostKind } from "../../runtime/host-kind.ts";
import { hasToken } from "../../runtime/secrets.ts";
import type { Collector } from "../../types/collector.ts";
import type { HostRequest, HostResponse, MetricsHandlerOptions } from "../../types/metrics.ts";
import { copyOf, type Shape } from "../check.ts";

const SHAPE: Shape = {
  token: ["string"],
  authorize: ["function"],
  public: ["boolean"],
  perIsolate: ["boolean"],
};

const TEXT = "text/plain; version=0.0.4; charset=utf-8";
const OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/**
 * A handler that answers scrapes of Prometheus with `tide.metricsText()`, in OpenMetrics if the scraper asks for it. From
 * its construction on every request is counted, however late the first scrape comes.
 *
 * Who may scrape has to be said: by `token`, `authorize` or `public: true`; else every answer is 404. A wrong token gets
 * 401. On hosts that run many isolates a scrape reads one of them, so the answer is 501, unless `perIsolate` is true: then
 * each sample has the label `instance`.
 *
 * Throws TidegateError `config/type` or `config/unknown-option`, which names the option.
 *
 * @example
 * const metrics = metricsHandler(tide, { token: process.env.METRICS_TOKEN });
 * Deno.serve((request) => new URL(request.url).pathname === "/metrics" ? metrics(request) : app(request));
 */
export function metricsHandler(
  tide: Collector,
  options: MetricsHandlerOptions = {},
): (request: HostRequest) => Promise<HostResponse> {
  const given = copyOf<MetricsHandlerOptions>(options, SHAPE, "metricsHandler.");
  const { token, authorize, public: isPublic, perIsolate } = given;
  bridgeOf(tide)?.countRequests();
  return async (scrape) => {
    const request = scrape as Request;
    if (authorize === undefined && !token && isPublic !== true) return answer(404, "Not found\n");
    if (!(isPublic === true || hasToken(request, token) || (await isAuthorized(authorize, request)))) {
      return answer(401, "Unauthorized\n", { "www-authenticate": "Bearer" });
    }
    const kind = hostKind();
    if (perIsolate !== true && (kind === "workers" || kind === "edge")) return answer(501, MANY_ISOLATES);
    const openMetrics = request.headers.get("accept")?.includes("application/openmetrics-text") === true;
    const text = tide.metricsText({ openMetrics, perIsolate: perIsolate === true });
    // A collector that is closed has only its last text.
    return answer(200, text, { "content-type": text.endsWith("# EOF\n") ? OPEN_METRICS : TEXT });
  };
}

const MANY_ISOLATES =
  "This host runs many isolates, and a scrape reads one of them. Send metrics by otlp({ signals: ['metrics'] }) or to " +
  "the hub, which adds all isolates up; or set perIsolate: true.\n";

function answer(status: number, text: string, headers: Record<string, string> = {}): Response {
  return new Response(text, {
    status,
    headers: { "content-type": TEXT, "cache-control": "no-store", ...headers },
  });
}

/** A check that throws or rejects refuses. */
async function isAuthorized(
  authorize: MetricsHandlerOptions["authorize"],
  request: Request,
): Promise<boolean> {
  try {
    return (await authorize?.(request)) === true;
  } catch {
    return false;
  }
}
