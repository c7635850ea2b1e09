import Fastify from "fastify";
import { createCollector, ndjson } from "tidegate";
import { fastify } from "tidegate/node";

const tide = createCollector({ sinks: [ndjson({ url: "https://telemetry.example/events" })] });
const app = Fastify();
await app.register(fastify(tide));
app.get("/items/:id", async () => "hi");
await app.listen({ port: 3000 });
