// WebSockets of @fastify/websocket and express-ws: each is a request of status 101 that ends with its upgrade.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import websocket from "@fastify/websocket";
import express from "express";
import expressWs from "express-ws";
import Fastify from "fastify";
import { WebSocket } from "ws";
import { errorMiddleware, fastify, middleware } from "../../pkg/dist/node.js";
import { call, recorder, serving } from "./_host.mjs";

const SESSION_MS = 250;

const only = (events, kind) => events.filter((event) => event.kind === kind);

/** Opens a socket, and once `during` is over closes it. Resolves to its close code, or to the status that refused it. */
async function session(base, path, during = async () => {}) {
  const socket = new WebSocket(base.replace("http", "ws") + path);
  const refused = once(socket, "unexpected-response").then(([, response]) => response.statusCode);
  const closed = once(socket, "close").then(([code]) => code);
  for (const promise of [refused, closed]) promise.catch(() => {});
  socket.on("error", () => {});
  const isOpen = await Promise.race([once(socket, "open").then(() => true), refused.then(() => false)]);
  if (!isOpen) return refused;
  try {
    await during(socket);
    socket.close();
    return await closed;
  } finally {
    // The server waits for it, also when the test has failed.
    socket.terminate();
  }
}

/** Says something, hears the echo, and stays for a while. Middleware before the handler may take its time. */
async function talk(socket) {
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.send("hello");
  assert.equal(String((await once(socket, "message"))[0]), "hello");
  await new Promise((resolve) => setTimeout(resolve, SESSION_MS));
}

function echo(tide) {
  return (socket) =>
    socket.on("message", (text) => {
      tide.evt("heard");
      socket.send(String(text));
    });
}

async function fastifyApp(tide, order) {
  const app = Fastify();
  for (const plugin of order) {
    if (plugin === "tidegate") await app.register(fastify(tide));
    else await app.register(websocket);
  }
  app.get("/echo/:room", { websocket: true }, echo(tide));
  app.get(
    "/hook",
    { websocket: true, preValidation: async (_request, reply) => reply.code(401).send() },
    echo,
  );
  app.get(
    "/slow",
    { websocket: true, preHandler: (_request, _reply, done) => setTimeout(done, 5) },
    echo(tide),
  );
  app.get("/throws", { websocket: true }, () => {
    throw new RangeError("in the handler");
  });
  app.get("/plain", () => "plain");
  await app.ready();
  return app;
}

/** What every session is recorded as. */
function assertUpgraded(event, route) {
  assert.deepEqual([event.method, event.route, event.status, event.error], ["GET", route, 101, undefined]);
  assert.ok(event.dur_ms === undefined || event.dur_ms < SESSION_MS, `${event.dur_ms} ms`);
  assert.equal(event.attributes?.client_disconnected, undefined);
}

for (const order of [
  ["tidegate", "websocket"],
  ["websocket", "tidegate"],
]) {
  test(`@fastify/websocket, registered ${order.join(" before ")}`, async () => {
    const { tide, events } = recorder();
    const app = await fastifyApp(tide, order);
    await serving(app.server, async (base) => {
      await session(base, "/echo/12345", async (socket) => {
        await talk(socket);
        const [begun] = only(await events(1), "REQ");
        assertUpgraded(begun, "/echo/:room");
      });
      await session(base, "/slow", talk);
      await session(base, "/throws");
      await session(base, "/plain");
      const found = only(await events(4), "REQ");
      for (const [at, route] of ["/echo/:room", "/slow", "/throws", "/plain"].entries())
        assertUpgraded(found[at], route);

      assert.equal(await session(base, "/hook"), 401);
      const wild = new WebSocket(`${base.replace("http", "ws")}/echo/1`);
      await once(wild, "open");
      wild.terminate();
      assert.equal((await call(base, "GET /echo/1")).status, 404);
      const rest = only(await events(7), "REQ").slice(4);
      assert.deepEqual(rest.map(({ status }) => status).sort(), [101, 401, 404]);
      assert.ok(rest.every(({ error }) => error === undefined));
    });
    const found = await events(7);
    const [first] = only(found, "REQ");
    const [heard] = only(found, "EVT");
    assert.deepEqual([heard.trace_id, heard.parent_id], [first.trace_id, first.span_id]);
    assert.ok(tide.stats().maxMs < SESSION_MS, `a session is in the percentiles: ${tide.stats().maxMs} ms`);
  });
}

test("@fastify/websocket: a handshake that is refused is no session, and no error", async () => {
  const { tide, events } = recorder();
  const app = await fastifyApp(tide, ["tidegate", "websocket"]);
  await serving(app.server, async (base) => {
    const socket = connect(new URL(base).port, "127.0.0.1").setEncoding("utf8");
    const bad = ["GET /echo/1 HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: WebSocket", "", ""];
    socket.write(bad.join("\r\n"));
    assert.match(String(await once(socket, "data")), /HTTP\/1.1 400/);
    await once(socket, "close");
    const [{ route, status, error, dur_ms }] = await events(1);
    assert.deepEqual([route, status, error, dur_ms], ["/echo/:room", undefined, undefined, undefined]);
  });
});

function expressApp(tide) {
  const app = express();
  const server = createServer(app);
  const { applyTo } = expressWs(app, server);
  app.set("env", "test");
  app.use(middleware(tide));
  const late = (_request, _response, next) => setTimeout(next, 5);
  app.ws("/echo/:room", echo(tide));
  app.ws("/", echo(tide));
  const router = express.Router();
  applyTo(router);
  router.ws("/echo/:room", echo(tide));
  app.use("/api", router);
  app.use("/waits", late, router);
  app.get("/plain", (_request, response) => response.send("plain"));
  app.ws("/throws", () => {
    throw new RangeError("in the handler");
  });
  app.use(errorMiddleware(tide));
  return server;
}

test("express-ws: each session is recorded, with its route", async () => {
  const { tide, events } = recorder();
  await serving(expressApp(tide), async (base) => {
    const routes = [
      ["/echo/12345?q=1", "/echo/:room"],
      ["/", "/"],
      ["/api/echo/1", "/api/echo/:room"],
      ["/waits/echo/1", "/waits/echo/:room"],
    ];
    for (const [at, [path, route]] of routes.entries()) {
      await session(base, path, talk);
      assertUpgraded(only(await events(at + 1), "REQ").at(-1), route);
    }
    await session(base, "/plain");
    await session(base, "/throws");
    assert.equal((await call(base, "GET /plain")).text, "plain");
    const [nobody, throws, plain] = only(await events(routes.length + 3), "REQ").slice(routes.length);
    assertUpgraded(nobody, "/plain");
    assert.deepEqual([throws.route, throws.status, throws.error], ["/throws", 101, "RangeError"]);
    assert.deepEqual([plain.route, plain.status], ["/plain", 200]);
  });
  const found = await events(7);
  const [first] = only(found, "REQ");
  const [heard] = only(found, "EVT");
  assert.deepEqual([heard.trace_id, heard.parent_id], [first.trace_id, first.span_id]);
  assert.ok(tide.stats().maxMs < SESSION_MS, `a session is in the percentiles: ${tide.stats().maxMs} ms`);
});
