import websocket from "@fastify/websocket";
import Fastify from "fastify";
import { createCollector, ndjson } from "tidegate";
import { fastify } from "tidegate/node";

const tide = createCollector((env) => ({ sinks: [ndjson({ url: env.EVENTS_URL })] }));
const app = Fastify();
await app.register(websocket);
await app.register(fastify(tide));
app.get("/rooms/:room", { websocket: true }, (socket, request) => {
  socket.on("message", (text) => {
    tide.scope(request).evt("heard");
    socket.send(String(text));
  });
});
app.get("/items/:id", ({ params }) => params);
await app.listen({ port: Number(process.env.PORT ?? 3000) });
