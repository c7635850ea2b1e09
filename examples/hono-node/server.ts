import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { createCollector, ndjson } from "tidegate";
import { dashboard } from "tidegate/dashboard";
import { tidegate } from "tidegate/hono";

const tide = createCollector({
  service: { name: "shop", version: "1.2.0" },
  sampling: { exclude: ["/tide/"] }, // the dashboard does not count itself
  sinks: [ndjson({ url: "https://telemetry.example/events" })],
});
const page = dashboard(tide, { token: process.env.DASHBOARD_TOKEN });
const app = new Hono();
app.use(tidegate(tide));
app.all("/tide/*", (c) => page(c.req.raw));
app.get("/items/:id", (c) => c.text(c.req.param("id")));
serve({ fetch: app.fetch, port: 3000 });
