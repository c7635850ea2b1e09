/** A page that shows what a collector or a hub knows, for any host that takes a Request and gives a Response. */
import type { Collector } from "../types/collector.ts";
import type { HostRequest, HostResponse } from "../types/metrics.ts";
import type { ViewSource } from "../types/view.ts";
import { Access } from "./access.ts";
import { answer, text } from "./answers.ts";
import { sourceOf } from "./collector-source.ts";
import { type DashboardOptions, settingsOf } from "./options.ts";
import { Site } from "./site.ts";

export { TidegateError } from "../types/error.ts";
export type * from "../types/stats.ts";
export type * from "../types/view.ts";
export { type ListenerRequest, type ListenerResponse, toListener } from "./node-listener.ts";
export type { DashboardOptions };

/**
 * A handler that answers with the dashboard: its page, `stats.json` and `metrics`.
 *
 * `source` is a collector, of which the page shows the one process or isolate, or the hub, of which it shows the service.
 * Who may read has to be said: by `token`, `authorize` or `public: true`; else every answer is 404. The handler never
 * rejects; if the source fails, the answer is 502. Make one and keep it: it counts wrong tokens and open streams.
 *
 * Throws TidegateError `config/type`, `config/unknown-option` or `config/path` for options that are not usable. This entry
 * is bundled apart and exports the class of its errors itself.
 *
 * @example
 * const page = dashboard(tide, { token: process.env.DASHBOARD_TOKEN });
 * Deno.serve((request) => (new URL(request.url).pathname.startsWith("/tide") ? page(request) : app(request)));
 */
export function dashboard(
  source: Collector | ViewSource,
  options: DashboardOptions = {},
): (request: HostRequest) => Promise<HostResponse> {
  const settings = settingsOf(options);
  const site = new Site(sourceOf(source), settings, new Access(settings));
  return async (given) => {
    const request = given as Request;
    try {
      const response = await site.answer(request);
      return request.method === "HEAD" ? withoutBody(response) : response;
    } catch {
      return text(502, "The figures cannot be read");
    }
  };
}

function withoutBody({ status, headers, body }: Response): Response {
  void body?.cancel();
  return answer(status, null, "", Object.fromEntries(headers));
}
