import Fastify from "fastify";
import { createCollector, ndjson } from "tidegate";
import { fastify } from "tidegate/node";

const tide = createCollector((env) => ({ sinks: [ndjson({ url: env.EVENTS_URL })] }));
const app = Fastify({ http2: true });
await app.register(fastify(tide));
app.get("/items/:id", ({ params }) => params);
app.get("/throws", () => {
  throw new RangeError("no such item");
});
await app.listen({ port: Number(process.env.PORT ?? 3000) });
