// The options `route` and `attributes` of every adapter of a server, and what is called without a response.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import express from "express";
import Fastify from "fastify";
import { Hono } from "hono";
import Koa from "koa";
import { withTide } from "../../pkg/dist/fetch.js";
import { tidegate } from "../../pkg/dist/hono.js";
import { fastify, koa, listener, middleware } from "../../pkg/dist/node.js";
import { call, recorder, serving } from "./_host.mjs";

/** Each adapter's own request has a URL, whether whole or a path. */
const options = {
  route: ({ url }) => (url.includes("/named") ? "/by/{option}" : undefined),
  attributes: ({ url, method }, env) => ({ method, hasQuery: url.includes("?"), env: env !== undefined }),
};

const servers = {
  listener: (tide, given) => createServer(listener(tide, (_request, response) => response.end("hi"), given)),
  middleware: (tide, given) => {
    const app = express();
    app.use(middleware(tide, given));
    app.get("/items/:name", (_request, response) => response.send("hi"));
    app.get("/named/:name", (_request, response) => response.send("hi"));
    return createServer(app);
  },
  koa: (tide, given) => {
    const app = new Koa();
    app.use(koa(tide, given));
    app.use((ctx) => {
      ctx._matchedRoute = ctx.path.replace(/\w+$/, ":name");
      ctx.body = "hi";
    });
    return createServer(app.callback());
  },
  fastify: async (tide, given) => {
    const app = Fastify();
    await app.register(fastify(tide, given));
    app.get("/items/:name", () => "hi");
    app.get("/named/:name", () => "hi");
    await app.ready();
    return app.server;
  },
};

for (const [name, make] of Object.entries(servers)) {
  test(`${name}: route and attributes`, async () => {
    const { tide, events } = recorder();
    await serving(await make(tide, options), async (base) => {
      await call(base, "GET /items/ada?q=1");
      await call(base, "GET /named/ada");
    });
    const [plain, named] = await events(2);
    assert.equal(plain.route, name === "listener" ? "/items/ada" : "/items/:name");
    assert.equal(named.route, "/by/{option}");
    assert.deepEqual(plain.attributes, { method: "GET", hasQuery: true, env: false });
    assert.deepEqual(named.attributes, { method: "GET", hasQuery: false, env: false });
  });

  test(`${name}: options that throw or give nonsense are passed over`, async () => {
    const bad = [
      () => {
        throw new Error("mine");
      },
      () => 7,
      async () => "late",
      () => null,
    ];
    const { tide, events } = recorder();
    for (const each of bad) {
      await serving(await make(tide, { route: each, attributes: each }), async (base) => {
        assert.equal((await call(base, "GET /items/ada")).text, "hi");
      });
    }
    for (const { route, attributes, status } of await events(bad.length)) {
      assert.equal(route, name === "listener" ? "/items/ada" : "/items/:name");
      assert.deepEqual([attributes, status], [undefined, 200]);
    }
  });
}

test("Hono and withTide: route and attributes", async () => {
  const { tide, events } = recorder();
  const app = new Hono();
  app.use(tidegate(tide, options));
  app.get("/items/:name", (c) => c.text("hi"));
  app.get("/named/:name", (c) => c.text("hi"));
  const handlers = [app.fetch, withTide(tide, () => new Response("hi"), options)];
  for (const handle of handlers) {
    for (const path of ["/items/ada?q=1", "/named/ada"])
      await handle(new Request(`https://example.com${path}`));
  }
  const found = await events(4);
  assert.deepEqual(
    found.map(({ route }) => route),
    ["/items/:name", "/by/{option}", "/items/ada", "/by/{option}"],
  );
  assert.deepEqual(
    found.map(({ attributes }) => attributes),
    [true, false, true, false].map((hasQuery) => ({ method: "GET", hasQuery, env: false })),
  );
});

test("middleware that a program calls by itself, without a response, does nothing", () => {
  const { tide } = recorder();
  for (const response of [{}, undefined, null]) {
    let called = 0;
    middleware(tide)({ url: "/", method: "GET", headers: {} }, response, () => (called += 1));
    assert.equal(called, 1);
  }
  const frozen = Object.freeze({ url: "/", method: "GET", headers: {} });
  assert.equal(listener(tide, () => "result")(frozen, {}), "result");
  assert.equal(tide.stats().count, 0);
});
