import { createCollector, ndjson, otlp, type Sink } from "tidegate";
import { dashboard } from "tidegate/dashboard";
import { Hub, type HubOptions, hub, hubHandler, hubSource } from "tidegate/hub";
import { instrument } from "tidegate/workers";
import { createItem, getItem, listItems } from "./items";

export interface Env {
  DB: D1Database;
  /** "ndjson" or "otlp". */
  SINK: string;
  SINK_URL: string;
  /** Opens the dashboard at /tide/. Without one there is no dashboard. */
  DASHBOARD_TOKEN?: string;
  TIDE_HUB: DurableObjectNamespace;
  /** Where another Worker has the hub, to push there instead of to our own. */
  HUB_URL?: string;
  /** Opens /hub to pushes of others and to Prometheus, and is what we push with. Without one it is closed. */
  HUB_TOKEN?: string;
  /** How often an isolate pushes. */
  HUB_INTERVAL_MS: string;
  /** Where alarms are posted: a webhook of Slack or Discord. */
  ALARM_WEBHOOK?: string;
}

/** All isolates of this Worker together. */
export class TideHub extends Hub {
  override options({ ALARM_WEBHOOK }: Env): HubOptions {
    const alarms = [
      { kind: "errors", threshold: 5 },
      { kind: "p95", threshold: 1000 },
    ] as const;
    return { alarms, webhook: ALARM_WEBHOOK };
  }
}

function hubSink({ TIDE_HUB, HUB_URL, HUB_TOKEN, HUB_INTERVAL_MS }: Env): Sink {
  const intervalMs = Number(HUB_INTERVAL_MS);
  return HUB_URL ? hub({ url: HUB_URL, token: HUB_TOKEN, intervalMs }) : hub(TIDE_HUB, { intervalMs });
}

// Pure, so it may stand at global scope: the first request seeds it, and gives it `env`.
const tide = createCollector((env: Env) => ({
  service: { name: "tidegate-example", version: "1.0.0" },
  sampling: {
    rate: 0.5,
    exclude: ["/static/", "/tide", "/__tide", "/hub"],
    // The first match wins; rules see the template that `route` below gives.
    overrides: [
      ["/api/items/:id", 0.25],
      ["re:^/(slow|stream)$", 1],
    ],
  },
  sinks: [env.SINK === "otlp" ? otlp({ url: env.SINK_URL }) : ndjson({ url: env.SINK_URL }), hubSink(env)],
}));

const created = tide.counter("items.created", { unit: "{item}", description: "Items that were stored." });
const listed = tide.histogram("items.listed", { unit: "{item}", description: "Items of an answer." });

type Route = (request: Request, env: Env, url: URL) => Response | Promise<Response>;

const routes: Record<string, Route> = {
  "GET /api/items": async (request, env) => {
    const items = await listItems(tide.scope(request), env.DB);
    listed.record(items.length);
    return Response.json(items);
  },
  "GET /api/items/:id": async (request, env, url) => {
    const item = await getItem(tide.scope(request), env.DB, Number(url.pathname.split("/").at(-1)));
    return item ? Response.json(item) : Response.json({ error: "no such item" }, { status: 404 });
  },
  "POST /api/items": async (request, env) => {
    const { name } = await request.json<{ name: string }>();
    const item = await createItem(tide.scope(request), env.DB, name);
    created.add(1);
    return Response.json(item, { status: 201 });
  },
  "GET /slow": async (request, _env, url) => {
    const ms = Math.min(Number(url.searchParams.get("ms") ?? 100), 1000);
    await tide.scope(request).time("think", () => scheduler.wait(ms));
    return new Response(`slept ${ms} ms\n`);
  },
  "GET /stream": () => new Response(countdown()),
  "GET /fail": () => {
    throw new Error("this route always fails");
  },
  "GET /unavailable": () =>
    new Response("try again later\n", { status: 503, headers: { "retry-after": "1" } }),
  "GET /static/:file": () =>
    new Response("body { color: teal }\n", { headers: { "content-type": "text/css" } }),
  "GET /__tide": () => Response.json({ counters: tide.counters(), stats: tide.stats() }),
};

let page: ReturnType<typeof dashboard> | undefined;

/** Made at the first request that asks for it, which brings the token. */
function dashboardOf({ DASHBOARD_TOKEN, TIDE_HUB }: Env): ReturnType<typeof dashboard> {
  page ??= dashboard(hubSource(TIDE_HUB), { token: DASHBOARD_TOKEN });
  return page;
}

/** The template of a path: what statistics are kept under, and what sampling rules match. */
function template(pathname: string): string {
  return pathname
    .replace(/^\/api\/items\/[^/]+$/, "/api/items/:id")
    .replace(/^\/static\/.+$/, "/static/:file");
}

/** For a path that is no route of ours, undefined: tidegate then takes the path, with id-like parts as `:id`. */
function routeOf(request: Request): string | undefined {
  const path = template(new URL(request.url).pathname);
  return `${request.method} ${path}` in routes ? path : undefined;
}

function countdown(): ReadableStream {
  const encoder = new TextEncoder();
  let left = 5;
  return new ReadableStream({
    async pull(controller) {
      await scheduler.wait(2);
      controller.enqueue(encoder.encode(`${left}\n`));
      left -= 1;
      if (left === 0) controller.close();
    },
  });
}

export default instrument(
  tide,
  {
    fetch(request: Request, env: Env): Response | Promise<Response> {
      const url = new URL(request.url);
      if (url.pathname.startsWith("/tide")) return dashboardOf(env)(request);
      if (url.pathname === "/hub") return hubHandler(env.TIDE_HUB, { token: env.HUB_TOKEN })(request);
      const route = routes[`${request.method} ${template(url.pathname)}`];
      return route ? route(request, env, url) : new Response("not found\n", { status: 404 });
    },
  },
  { route: routeOf },
);
