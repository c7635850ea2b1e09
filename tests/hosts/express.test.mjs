// Express 5 with `middleware`.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import express from "express";
import { listener, middleware } from "../../pkg/dist/node.js";
import { abandon, call, checkContext, interleaved, recorder, serving, told } from "./_host.mjs";

/** An application with a bit of everything. */
function application(tide, first = [middleware(tide)]) {
  const app = express();
  for (const use of first) app.use(use);
  app.get("/", (_request, response) => response.send("root"));
  app.get("/users/:name", ({ params }, response) => response.send(params.name));
  app.all(["/either", "/or"], (_request, response) => response.send("one"));
  app.get(/^\/pattern/, (_request, response) => response.send("pattern"));
  app.post("/body", express.json(), ({ body }, response) => response.json(body));
  app.get("/throws", () => {
    throw new RangeError("sync");
  });
  app.get("/rejects", async () => {
    throw Object.assign(new Error("async"), { status: 418 });
  });
  app.get("/handled", (_request, _response, next) => next(new Error("for the handler")));
  const inner = express.Router();
  inner.get("/", (_request, response) => response.send("all"));
  inner.get("/:post", ({ params }, response) => response.send(params.post));
  const outer = express.Router({ mergeParams: true });
  outer.use("/posts", inner);
  app.use("/api", outer);
  app.use("/teams/:team", outer);
  const sub = express();
  sub.get("/deep/:id", (_request, response) => response.send("sub"));
  app.use("/sub", sub);
  app.use((error, { path }, response, next) =>
    path === "/handled" ? response.status(503).send("busy") : next(error),
  );
  app.set("env", "test");
  return app;
}

const traffic = [
  ["GET /?q=1", 200, "/"],
  ["GET /users/ada", 200, "/users/:name"],
  ["HEAD /users/ada", 200, "/users/:name"],
  ["PUT /or", 200, "/either,/or"],
  ["GET /pattern/x", 200, "/^\\/pattern/"],
  ["GET /throws", 500, "/throws"],
  ["GET /rejects", 418, "/rejects"],
  ["GET /handled", 503, "/handled"],
  ["GET /api/posts", 200, "/api/posts"],
  ["GET /api/posts/first", 200, "/api/posts/:post"],
  ["GET /teams/12345/posts/first", 200, "/teams/:id/posts/:post"],
  ["GET /sub/deep/1", 200, "/sub/deep/:id"],
  ["GET /nowhere/12345", 404, "/nowhere/:id"],
  ["GET /api/none", 404, "/api/none"],
];

const kinds = {
  middleware: (tide) => application(tide),
  "listener around an application": (tide) => listener(tide, application(tide, [])),
};

for (const [name, make] of Object.entries(kinds)) {
  test(`${name}: the template of every route, its status, one REQ each`, async () => {
    const { tide, events } = recorder();
    await serving(createServer(make(tide)), async (base) => {
      for (const [what, status] of traffic) assert.equal((await call(base, what)).status, status, what);
    });
    const expected = traffic.map(([what, status, route]) => [what.split(" ")[0], route, status]);
    assert.deepEqual(told(await events(traffic.length)), expected);
  });
}

test("errors arrive though nothing else is sampled", async () => {
  const { tide, events } = recorder({ sampling: { rate: 0, exclude: ["/users/"] } });
  await serving(createServer(application(tide)), async (base) => {
    for (const [what] of traffic) await call(base, what);
  });
  const found = await events(traffic.length - 2);
  assert.deepEqual(told(found), [
    ["GET", "/throws", 500],
    ["GET", "/handled", 503],
  ]);
});

test("the context is the request's own, many at a time, also after a body was parsed", async () => {
  for (const method of ["GET", "POST"]) {
    const record = recorder();
    const { tide } = record;
    const app = express();
    app.use(middleware(tide), express.json());
    app.all("/n/:number", async (request, response) => {
      const { number } = request.params;
      tide.scope(request).set("number", Number(number));
      tide.scope(request).route(`/n/${number}`);
      response.send(await interleaved(tide, number));
    });
    const body = method === "POST" ? JSON.stringify({ text: "x".repeat(50_000) }) : undefined;
    const init = body === undefined ? {} : { body, headers: { "content-type": "application/json" } };
    await serving(createServer(app), async (base) => {
      await checkContext(record, async (at) => (await call(base, `${method} /n/${at}`, init)).text);
    });
  }
});

test("an aborted request and a stream that its reader leaves", async () => {
  const { tide, events } = recorder();
  const app = express();
  let entered;
  const ready = new Promise((resolve) => (entered = resolve));
  app.use(middleware(tide));
  app.get("/silent/:id", () => entered());
  app.get("/stream/:id", (_request, response) => response.write("some"));
  await serving(createServer(app), async (base) => {
    await abandon(base, "/silent/1", ready);
    await events(1);
    await abandon(base, "/stream/1");
    assert.deepEqual(told(await events(2)), [
      ["GET", "/silent/:id", "client_disconnected"],
      ["GET", "/stream/:id", 200],
    ]);
  });
});
