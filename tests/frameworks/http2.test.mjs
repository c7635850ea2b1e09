import { once } from "node:events";
import { connect } from "node:http2";
import { hostTest } from "./_play.mjs";

const program = { start: () => ["node", "index.js"], send: byHttp2 };

hostTest("Fastify on http2", "fastify-http2", {
  ...program,
  requests: [
    ["GET /items/7", 200, "/items/:id"],
    ["GET /throws", 500, "/throws"],
    ["GET /none/7", 404, "/none/:id"],
  ],
});

hostTest("Koa on http2", "koa-http2", {
  ...program,
  requests: [
    ["GET /items/7", 200, "/items/:id"],
    ["GET /throws", 503, "/throws"],
    ["GET /none/7", 404, "/none/:id"],
  ],
  // Koa prints what a handler throws.
  prints: /ServiceUnavailableError: |^ {4}at |^ {2}/,
});

async function byHttp2(base, method, path, headers) {
  const client = connect(base);
  try {
    const stream = client.request({ ...headers, ":method": method, ":path": path });
    const [{ ":status": status }] = await once(stream, "response");
    stream.resume();
    await once(stream, "close");
    return status;
  } finally {
    client.destroy();
  }
}
