// Hono 4 with `tidegate`, as Node, Deno and Bun call it; in workerd: tests/workers/hono.test.mjs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Hono } from "hono";
import { basicAuth } from "hono/basic-auth";
import { HTTPException } from "hono/http-exception";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { TrieRouter } from "hono/router/trie-router";
import { tidegate } from "../../pkg/dist/hono.js";
import { createCollector } from "../../pkg/dist/inline.js";
import { checkContext, interleaved, recorder, told } from "./_host.mjs";

function application(tide, router) {
  const app = new Hono(router === undefined ? {} : { router });
  app.use(tidegate(tide));
  app.get("/", (c) => c.text("root"));
  app.get("/users/:name", (c) => c.text(c.req.param("name")));
  app.get(
    "/twice/:id",
    (_c, next) => next(),
    (c) => c.text("second"),
  );
  app.use("/private/*", basicAuth({ username: "a", password: "b" }));
  app.get("/private/:id", (c) => c.text("secret"));
  app.get("/files/*", (c) => c.text("file"));
  app.all("/any", (c) => c.body(null, 204));
  app.get("/throws", () => {
    throw new RangeError("sync");
  });
  app.get("/rejects", async () => {
    throw new HTTPException(418);
  });
  const posts = new Hono().basePath("/posts");
  posts.get("/:post", (c) => c.text(c.req.param("post")));
  posts.get("/:post/fails", async () => Promise.reject(new TypeError("inner")));
  posts.onError((_error, c) => c.text("busy", 503));
  app.route("/api/:tenant", posts);
  app.mount("/mounted", () => new Response("mounted"));
  app.onError((error, c) => (error instanceof HTTPException ? error.getResponse() : c.text("failed", 500)));
  return app;
}

const traffic = [
  ["GET /?q=1", 200, "/"],
  ["GET /users/ada", 200, "/users/:name"],
  ["HEAD /users/ada", 200, "/users/:name"],
  ["GET /twice/1", 200, "/twice/:id"],
  ["GET /private/12345", 401, "/private/:id"],
  ["GET /files/a/b", 200, "/files/*"],
  ["PATCH /any", 204, "/any"],
  ["GET /throws", 500, "/throws", "RangeError"],
  ["GET /rejects", 418, "/rejects"],
  ["GET /api/acme/posts/first", 200, "/api/:tenant/posts/:post"],
  ["GET /api/acme/posts/first/fails", 503, "/api/:tenant/posts/:post/fails", "TypeError"],
  ["GET /mounted/x", 200, "/mounted/x"],
  ["GET /nowhere/12345", 404, "/nowhere/:id"],
];

const ask = (app, what, ...rest) => {
  const [method, path] = what.split(" ");
  return app.fetch(new Request(`http://localhost${path}`, { method }), ...rest);
};

for (const [name, Router] of [
  ["the default router", undefined],
  ["RegExpRouter", RegExpRouter],
  ["TrieRouter", TrieRouter],
]) {
  test(`${name}: the template of every route, status and error, one REQ each`, async () => {
    const { tide, events } = recorder();
    const app = application(tide, Router && new Router());
    for (const [what, status] of traffic) assert.equal((await ask(app, what)).status, status, what);
    const expected = traffic.map(([what, status, route, error]) =>
      [what.split(" ")[0], route, status, error].filter((x) => x !== undefined),
    );
    assert.deepEqual(told(await events(traffic.length)), expected);
  });
}

test("what is no Error goes on through Hono, and is recorded", async () => {
  const { tide, events } = recorder();
  const app = new Hono();
  app.use(tidegate(tide));
  app.get("/odd", async () => Promise.reject("text"));
  await assert.rejects(
    async () => ask(app, "GET /odd"),
    (error) => error === "text",
  );
  assert.deepEqual(told(await events(1)), [["GET", "/odd", 500, "string"]]);
});

test("the Response is Hono's own, its body untouched, with and without an execution context", async () => {
  const { tide, events } = recorder();
  const app = new Hono();
  const given = new Response(new ReadableStream({ pull: () => new Promise(() => {}) }), { status: 201 });
  app.use(tidegate(tide));
  app.get("/", () => given);
  assert.equal(await ask(app, "GET /"), given);
  const tasks = [];
  assert.equal(await ask(app, "GET /", {}, { waitUntil: (task) => tasks.push(task) }), given);
  assert.equal(given.bodyUsed, false);
  assert.equal(tasks.length, 1, "who comes with a context flushes");
  await events(2);
});

test("outside Workers the second argument is no environment", async () => {
  let env;
  const tide = createCollector((given) => {
    env = given;
    return { handleSignals: false };
  });
  const app = new Hono();
  app.use(tidegate(tide));
  app.get("/", (c) => c.text("hi"));
  await ask(app, "GET /", { incoming: {}, outgoing: {} });
  assert.equal(tide.stats().count, 1);
  assert.equal(env, process.env);
});

test("the context is the request's own, many at a time", async () => {
  const record = recorder();
  const { tide } = record;
  const app = new Hono();
  app.use(tidegate(tide));
  app.get("/n/:number", async (c) => {
    const number = c.req.param("number");
    tide.scope(c.req.raw).set("number", Number(number));
    tide.scope(c.req.raw).route(`/n/${number}`);
    return c.text(await interleaved(tide, number));
  });
  await checkContext(record, async (at) => (await ask(app, `GET /n/${at}`)).text());
});

test("a handler that answers with what is no response: a 500 and an error, and the answer as it is", async () => {
  const answers = { undefined: undefined, null: null, text: "text", number: 42, object: { a: 1 } };
  const { tide, events } = recorder();
  const make = (...use) => {
    const app = new Hono();
    for (const each of use) app.use(each);
    for (const [name, answer] of Object.entries(answers)) app.get(`/${name}`, () => answer);
    app.onError((_error, c) => c.text("failed", 500));
    return app;
  };
  // Without any middleware Hono does something else.
  const through = async (_c, next) => void (await next());
  const [bare, measured] = [make(through), make(tidegate(tide))];
  for (const name of Object.keys(answers)) {
    const [expected, got] = [await ask(bare, `GET /${name}`), await ask(measured, `GET /${name}`)];
    assert.deepEqual([typeof got, got?.status], [typeof expected, expected?.status], name);
  }
  const expected = Object.keys(answers).map((name) => ["GET", `/${name}`, 500, "TypeError"]);
  assert.deepEqual(told(await events(5)), expected);
});
