import express from "express";
import { createCollector, ndjson } from "tidegate";
import { dashboard, toListener } from "tidegate/dashboard";
import { errorMiddleware, middleware } from "tidegate/node";

const tide = createCollector({
  service: { name: "shop", version: "1.2.0" },
  sampling: { exclude: ["/tide/"] }, // the dashboard does not count itself
  sinks: [ndjson({ url: "https://telemetry.example/events" })],
});
const app = express();
app.use(middleware(tide));
app.use("/tide", toListener(dashboard(tide, { token: process.env.DASHBOARD_TOKEN })));
app.get("/items/:id", (request, response) => void response.send(request.params.id));
app.use(errorMiddleware(tide));
app.listen(3000);
