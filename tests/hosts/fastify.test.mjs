// Fastify 5 with `fastify`.
import assert from "node:assert/strict";
import { test } from "node:test";
import Fastify from "fastify";
import { fastify } from "../../pkg/dist/node.js";
import { abandon, call, checkContext, interleaved, recorder, told } from "./_host.mjs";

/** Listens on loopback for as long as `work` runs. */
async function served(app, work) {
  const base = await app.listen({ port: 0, host: "127.0.0.1" });
  try {
    return await work(base);
  } finally {
    app.server.closeAllConnections();
    await app.close();
  }
}

async function application(tide) {
  const app = Fastify();
  await app.register(fastify(tide));
  app.get("/", async () => "root");
  app.get("/users/:name", async ({ params }) => params.name);
  app.get("/files/*", async () => "file");
  app.get("/throws", () => {
    throw new RangeError("sync");
  });
  app.get("/rejects", async () => {
    throw Object.assign(new Error("teapot"), { statusCode: 418 });
  });
  const schema = { body: { type: "object", required: ["name"] } };
  app.post("/body", { schema }, async ({ body }) => body.name);
  app.get("/empty", (_request, reply) => reply.code(204).send());
  app.get("/raw", (_request, reply) => {
    reply.hijack();
    reply.raw.end("raw");
  });
  await app.register(
    async (inner) => {
      inner.setErrorHandler((_error, _request, reply) => reply.code(503).send("busy"));
      inner.get("/posts/:post", async ({ params }) => params.post);
      inner.get("/fails", async () => Promise.reject(new TypeError("for the handler")));
    },
    { prefix: "/api/:tenant" },
  );
  return app;
}

const json = { headers: { "content-type": "application/json" } };
const traffic = [
  ["GET /?q=1", 200, "/"],
  ["GET /users/ada", 200, "/users/:name"],
  ["HEAD /users/ada", 200, "/users/:name"],
  ["GET /files/a/b", 200, "/files/*"],
  ["GET /throws", 500, "/throws", "RangeError"],
  ["GET /rejects", 418, "/rejects"],
  ["POST /body", 200, "/body", undefined, { ...json, body: '{"name":"ada"}' }],
  ["POST /body", 400, "/body", undefined, { ...json, body: "{}" }],
  ["POST /body", 400, "/body", undefined, { ...json, body: "{" }],
  ["GET /empty", 204, "/empty"],
  ["GET /raw", 200, "/raw"],
  ["GET /api/acme/posts/first", 200, "/api/:tenant/posts/:post"],
  ["GET /api/acme/fails", 503, "/api/:tenant/fails", "TypeError"],
  ["GET /nowhere/12345", 404, "/nowhere/:id"],
];

test("the template of every route, status and error, one REQ each", async () => {
  const { tide, events } = recorder();
  await served(await application(tide), async (base) => {
    for (const [what, status, , , init] of traffic) {
      assert.equal((await call(base, what, init)).status, status, what);
    }
  });
  const expected = traffic.map(([what, status, route, error]) =>
    [what.split(" ")[0], route, status, error].filter((x) => x !== undefined),
  );
  assert.deepEqual(told(await events(traffic.length)), expected);
});

test("sampling rules match the template, and `inject` is a request too", async () => {
  const { tide, events } = recorder({ sampling: { exclude: ["/users/:name"] } });
  const app = await application(tide);
  for (const url of ["/users/ada", "/", "/users/bob"])
    assert.equal((await app.inject({ url })).statusCode, 200);
  assert.deepEqual(told(await events(1)), [["GET", "/", 200]]);
  assert.equal(tide.counters().excluded, 2);
});

test("the context is the request's own, many at a time, also after a body was parsed", async () => {
  for (const method of ["GET", "POST"]) {
    const record = recorder();
    const { tide } = record;
    const app = Fastify();
    await app.register(fastify(tide));
    app.route({
      method,
      url: "/n/:number",
      handler: async (request) => {
        const { number } = request.params;
        tide.scope(request).set("number", Number(number));
        tide.scope(request).route(`/n/${number}`);
        return interleaved(tide, number);
      },
    });
    const body = method === "POST" ? JSON.stringify({ text: "x".repeat(50_000) }) : undefined;
    const init = body === undefined ? {} : { ...json, body };
    await served(app, async (base) => {
      await checkContext(record, async (at) => (await call(base, `${method} /n/${at}`, init)).text);
    });
  }
});

test("an aborted request is an error without status", async () => {
  const { tide, events } = recorder();
  const app = Fastify();
  let entered;
  const ready = new Promise((resolve) => (entered = resolve));
  await app.register(fastify(tide));
  app.get("/silent/:id", () => entered());
  await served(app, async (base) => {
    await abandon(base, "/silent/1", ready);
    assert.deepEqual(told(await events(1)), [["GET", "/silent/:id", "client_disconnected"]]);
  });
});
