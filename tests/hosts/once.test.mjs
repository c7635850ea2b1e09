// A request is measured once by a collector, however many adapters see it: the outer one gives status and duration, the
// inner one route and error. Requests that a program makes of itself are requests of their own.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import express from "express";
import Fastify from "fastify";
import { Hono } from "hono";
import Koa from "koa";
import { measure, withTide } from "../../pkg/dist/fetch.js";
import { tidegate } from "../../pkg/dist/hono.js";
import { createCollector, memorySink } from "../../pkg/dist/inline.js";
import { fastify, koa, listener, middleware } from "../../pkg/dist/node.js";
import { instrument } from "../../pkg/dist/workers.js";
import { call, recorder, serving, told } from "./_host.mjs";

const request = (path, init) => new Request(`https://example.com${path}`, init);
const CTX = { waitUntil() {}, passThroughOnException() {} };

function hono(tide, ...use) {
  const app = new Hono();
  for (const each of use) app.use(each);
  app.get("/users/:name", (c) => {
    tide.evt("inside");
    return c.text("hi");
  });
  app.get("/throws", () => {
    throw new RangeError("mine");
  });
  app.get("/asks", async (c) => {
    const inner = await app.request("/users/ada");
    return c.text(await inner.text());
  });
  return app;
}

const stacks = {
  "instrument around Hono": (tide) =>
    instrument(tide, { fetch: hono(tide, tidegate(tide)).fetch, scheduled() {} }),
  "withTide around Hono": (tide) => ({ fetch: withTide(tide, hono(tide, tidegate(tide)).fetch) }),
  "Hono twice": (tide) => hono(tide, tidegate(tide), tidegate(tide)),
  "Hono on app and sub-app": (tide) => {
    const app = new Hono();
    app.use(tidegate(tide));
    app.route("/", hono(tide, tidegate(tide)));
    return app;
  },
  "a copy of the request": (tide) => {
    const app = hono(tide, tidegate(tide));
    return { fetch: withTide(tide, (given, ...rest) => app.fetch(new Request(given), ...rest)) };
  },
  "measure in withTide in instrument": (tide) => {
    const app = hono(tide, tidegate(tide));
    const inner = withTide(tide, (given, ...rest) =>
      measure(tide, { request: given }, () => app.fetch(given, ...rest)),
    );
    return instrument(tide, { fetch: inner });
  },
};

for (const [name, stack] of Object.entries(stacks)) {
  test(`${name}: one REQ, with the route and the error of the inner one`, async () => {
    const { tide, events } = recorder();
    const { fetch } = stack(tide);
    assert.equal(await (await fetch(request("/users/ada?q=1"), {}, CTX)).text(), "hi");
    assert.equal((await fetch(request("/throws"), {}, CTX)).status, 500);
    assert.equal((await fetch(request("/none/12345"), {}, CTX)).status, 404);
    const found = await events(3);
    assert.deepEqual(told(found), [
      ["GET", "/users/:name", 200],
      ["GET", "/throws", 500, "RangeError"],
      ["GET", "/none/:id", 404],
    ]);
    const [inside] = found.filter((event) => event.name === "inside");
    const [asked] = found.filter(({ kind }) => kind === "REQ");
    assert.deepEqual([inside.trace_id, inside.parent_id], [asked.trace_id, asked.span_id]);
  });

  test(`${name}: a request that the program makes of itself is one of its own`, async () => {
    const { tide, events } = recorder();
    const { fetch } = stack(tide);
    assert.equal(await (await fetch(request("/asks"), {}, CTX)).text(), "hi");
    assert.deepEqual(
      told(await events(2)).map(([, route]) => route),
      ["/users/:name", "/asks"],
    );
  });
}

test("many at once to the same URL, each measured once", async () => {
  const { tide, events } = recorder();
  const { fetch } = stacks["a copy of the request"](tide);
  await Promise.all(Array.from({ length: 30 }, () => fetch(request("/users/ada"), {}, CTX)));
  await events(30);
});

test("one after the other with the same object, each is measured: a request that is over is not open", async () => {
  const { tide, events } = recorder();
  const handler = withTide(tide, () => new Response("hi"));
  const same = request("/a");
  handler(same);
  handler(same);
  await events(2);
});

test("two collectors measure once each", async () => {
  const [one, two] = [recorder(), recorder()];
  const app = hono(two.tide, tidegate(two.tide), tidegate(one.tide), tidegate(two.tide));
  await withTide(one.tide, app.fetch)(request("/users/ada"));
  for (const { events } of [one, two])
    assert.deepEqual(told(await events(1)), [["GET", "/users/:name", 200]]);
});

test("attributes of every adapter's scope are those of the one request", async () => {
  const memory = memorySink();
  const tide = createCollector({ handleSignals: false, sinks: [memory] });
  const copy = request("/copy");
  const inner = withTide(tide, (given) => {
    tide.scope(given).set("inner", 1);
    return new Response();
  });
  await withTide(tide, (given) => {
    tide.scope(given).set("outer", 2);
    return inner(copy);
  })(request("/copy"));
  await tide.flush();
  assert.deepEqual(
    memory.events.map(({ attributes }) => attributes),
    [{ outer: 2, inner: 1 }],
  );
});

const servers = {
  "Express in listener": (tide) => {
    const app = express();
    app.set("env", "test");
    app.use(middleware(tide));
    app.get("/users/:name", (_request, response) => response.send("hi"));
    app.get("/throws", () => {
      throw Object.assign(new RangeError("mine"), { status: 418 });
    });
    return createServer(listener(tide, app));
  },
  "Express with two middlewares": (tide) => {
    const app = express();
    app.set("env", "test");
    app.use(middleware(tide), middleware(tide));
    app.get("/users/:name", (_request, response) => response.send("hi"));
    app.get("/throws", () => {
      throw Object.assign(new RangeError("mine"), { status: 418 });
    });
    return createServer(app);
  },
  "Koa in listener": (tide) => {
    const app = new Koa();
    app.silent = true;
    app.use(koa(tide));
    app.use((c) => {
      if (c.path === "/throws") c.throw(418);
      c._matchedRoute = "/users/:name";
      c.body = "hi";
    });
    return createServer(listener(tide, app.callback()));
  },
  "Hono in listener": (tide) => {
    const app = hono(tide, tidegate(tide));
    app.get("/throws/teapot", (c) => c.text("", 418));
    return createServer(
      listener(tide, async ({ url, method }, response) => {
        const path = url === "/throws" ? "/throws/teapot" : url;
        const answer = await app.fetch(new Request(`http://localhost${path}`, { method }));
        response.writeHead(answer.status).end(await answer.text());
      }),
    );
  },
};

for (const [name, server] of Object.entries(servers)) {
  test(`${name}: one REQ`, async () => {
    const { tide, events } = recorder();
    await serving(server(tide), async (base) => {
      assert.equal((await call(base, "GET /users/ada")).text, "hi");
      if (name !== "Hono in listener") assert.equal((await call(base, "GET /throws")).status, 418);
    });
    const found = told(await events(name === "Hono in listener" ? 1 : 2));
    assert.deepEqual(found[0], ["GET", "/users/:name", 200]);
    if (found.length > 1) assert.deepEqual(found[1].slice(2), [418]);
  });
}

test("Fastify in listener: one REQ", async () => {
  const { tide, events } = recorder();
  const app = Fastify({ serverFactory: (handler) => createServer(listener(tide, handler)) });
  await app.register(fastify(tide));
  app.get("/users/:name", () => "hi");
  await app.ready();
  await serving(app.server, (base) => call(base, "GET /users/ada"));
  assert.deepEqual(told(await events(1)), [["GET", "/users/:name", 200]]);
});
