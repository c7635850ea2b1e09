// A server that does every bad thing a sink can do, over real HTTP on loopback: one row of the table, one behavior.
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const root = require("@opentelemetry/otlp-transformer/build/src/generated/root.js");
const reply = root.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
const partial = (fields) => reply.encode({ partialSuccess: fields }).finish();

const status = (code, headers = {}) => ({
  respond: (_, response) => response.writeHead(code, headers).end(code === 204 ? undefined : "as it is\n"),
});
const later = (seconds) => new Date(Date.now() + seconds * 1000).toUTCString();
const typed = (type, body) => (_, response) => response.writeHead(200, { "content-type": type }).end(body);

/** Same for both formats. */
const both = (outcome) => ({ ndjson: outcome, otlp: outcome });

/**
 * What the server does with the first posts of a row (after `bad` of them it answers 200), and what must come of
 * the first: `ok`, `retry`, `fatal` or `too-large`. `rejected`: events refused though the answer was a success.
 */
export const rows = [
  { name: "200", ...status(200), ...both("ok") },
  { name: "204", ...status(204), ndjson: "ok", otlp: "fatal" },
  { name: "400", ...status(400), ...both("fatal") },
  { name: "401", ...status(401), ...both("fatal") },
  { name: "408", ...status(408), ndjson: "retry", otlp: "fatal" },
  { name: "413", ...status(413), ...both("too-large") },
  { name: "429", ...status(429), ...both("retry") },
  {
    name: "429, Retry-After: 1",
    ...status(429, { "retry-after": "1" }),
    ...both("retry"),
    // Timers and clocks of two parties: a little less than the second is the second.
    waitsMs: 950,
  },
  {
    name: "429, Retry-After: date",
    respond: (_, response) => response.writeHead(429, { "retry-after": later(2) }).end(),
    ...both("retry"),
    // A date has whole seconds: two seconds from now is more than one.
    waitsMs: 950,
  },
  { name: "500", ...status(500), ndjson: "retry", otlp: "fatal" },
  { name: "503", ...status(503), ...both("retry") },
  { name: "503 three times", ...status(503), ...both("retry"), bad: 3 },
  { name: "301 to itself", ...status(301, { location: "/again" }), ...both("fatal") },
  { name: "302 to another", ...status(302, { location: "http://127.0.0.1:9/" }), ...both("fatal") },
  { name: "307 to itself", ...status(307, { location: "/again" }), ...both("fatal") },
  { name: "reset before headers", respond: (request) => request.socket.resetAndDestroy(), ...both("retry") },
  {
    name: "no HTTP at all",
    respond: (request) => request.socket.end("220 smtp ready\r\n"),
    ...both("retry"),
  },
  {
    name: "reset after headers",
    respond(request, response) {
      response.writeHead(200, { "content-length": "100" }).flushHeaders();
      setTimeout(() => request.socket.resetAndDestroy(), 30);
    },
    ...both("ok"),
  },
  {
    name: "half a response",
    respond(request, response) {
      response.writeHead(200, { "content-length": "100" }).write("half");
      setTimeout(() => request.socket.end(), 30);
    },
    ...both("ok"),
  },
  { name: "never an answer", respond() {}, ...both("retry") },
  { name: "endless body", respond: (_, response) => endless(response.writeHead(200)), ...both("ok") },
  { name: "503, endless body", respond: (_, response) => endless(response.writeHead(503)), ...both("retry") },
  { name: "slow drip of headers", respond: (request) => drip(request.socket), ...both("retry") },
  {
    name: "slow drip of a body",
    respond(_, response) {
      response.writeHead(200, { "content-type": "application/x-protobuf", "content-length": "1000" });
      const timer = setInterval(() => response.write("."), 50);
      response.on("close", () => clearInterval(timer));
    },
    ...both("ok"),
  },
  { name: "wrong content type", respond: typed("text/html", "<html>welcome</html>"), ...both("ok") },
  { name: "JSON that is none", respond: typed("application/json", "<html>"), ...both("ok") },
  {
    name: "partial success, protobuf",
    respond: typed("application/x-protobuf", partial({ rejectedSpans: 2, errorMessage: "too old" })),
    ...both("ok"),
    rejected: { ndjson: 0, otlp: 2 },
  },
  {
    name: "partial success, JSON",
    respond: typed("application/json", '{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}'),
    ...both("ok"),
    rejected: { ndjson: 0, otlp: 2 },
  },
  {
    name: "partial success, remark",
    respond: typed("application/x-protobuf", partial({ errorMessage: "consider another size" })),
    ...both("ok"),
  },
];

function endless(response) {
  const more = () => {
    while (response.write("x".repeat(16_384)));
  };
  response.on("drain", more).on("error", () => {});
  more();
}

function drip(socket) {
  let at = 0;
  const text = "HTTP/1.1 200 OK\r\nx-padding: ";
  const timer = setInterval(() => {
    socket.write(text[at] ?? "x");
    at += 1;
  }, 50);
  socket.on("close", () => clearInterval(timer)).on("error", () => {});
}

/** Plays `row` for its first `bad` posts (1 by default), then answers 200. */
export async function startHostile({ respond, bad = 1 }) {
  const hostile = { url: "", posts: [] };
  const server = createServer(async (request, response) => {
    const post = { atMs: Date.now(), key: request.headers["idempotency-key"], path: request.url };
    hostile.posts.push(post);
    const mine = hostile.posts.length;
    request.on("error", () => {});
    response.on("error", () => {});
    for await (const _ of request);
    if (mine <= bad) respond(request, response);
    else response.writeHead(200).end();
  });
  server.on("clientError", (_, socket) => socket.destroy());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  hostile.url = `http://127.0.0.1:${server.address().port}`;
  hostile.stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return hostile;
}
