import express from "express";
import { createCollector, ndjson } from "tidegate";
import { errorMiddleware, middleware } from "tidegate/node";

const tide = createCollector({ sinks: [ndjson({ url: "https://telemetry.example/events" })] });
const app = express();
app.use(middleware(tide));
app.get("/items/:id", (request, response) => void response.send(request.params.id));
app.use(errorMiddleware(tide)); // after the routes, before your own error handler
app.listen(3000);
