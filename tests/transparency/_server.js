// Every shape over real HTTP, bare and measured by one server; under Deno, Bun and Node it is a program of its own.
import { createCollector, ndjson } from "tidegate";
import { withTide } from "tidegate/fetch";
import { listener } from "tidegate/node";
import { shapes } from "../runtime/_shapes.js";

/** `x-shape` chooses the shape, `x-way` whether it is measured. */
const shapeOf = (header) => shapes[Number(header("x-shape"))];
const handler = (request, ...rest) => shapeOf((name) => request.headers.get(name)).handler(request, ...rest);

export function answering(tide, measured) {
  return (request, ...rest) => {
    if (new URL(request.url).pathname === "/__tide") return Response.json(tide.counters());
    return request.headers.get("x-way") === "measured"
      ? measured(request, ...rest)
      : handler(request, ...rest);
  };
}

export { handler };

/** A `(request, response)` listener that answers as `handler` does. */
async function plain(incoming, outgoing) {
  const { method, url, headers } = incoming;
  const chunks = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const body = ["GET", "HEAD"].includes(method) ? undefined : Buffer.concat(chunks);
  const given = Object.entries(headers).filter(([name]) => name !== "connection");
  const response = await handler(new Request(`http://host${url}`, { method, headers: given, body }));
  outgoing.writeHead(response.status, response.statusText || undefined, [...response.headers].flat());
  if (response.body !== null) for await (const chunk of response.body) outgoing.write(chunk);
  outgoing.end();
}

async function serveNode(tide) {
  const { createServer } = await import("node:http");
  const measured = listener(tide, plain);
  const server = createServer((request, response) => {
    if (request.url === "/__tide") return response.end(JSON.stringify(tide.counters()));
    const way = request.headers["x-way"] === "measured" ? measured : plain;
    way(request, response).catch((error) => {
      if (response.headersSent) return response.destroy();
      response.writeHead(500);
      response.end(typeof error);
    });
  });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
}

const sink = globalThis.process?.env?.SINK_URL;
if (sink !== undefined) {
  const tide = createCollector({ sinks: [ndjson({ url: sink })], queueSize: 10_000 });
  const fetch = answering(tide, withTide(tide, handler));
  if (globalThis.Deno)
    Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: ({ port }) => console.log(port) }, fetch);
  else if (globalThis.Bun)
    console.log(Bun.serve({ port: 0, hostname: "127.0.0.1", development: false, fetch }).port);
  else await serveNode(tide);
}
