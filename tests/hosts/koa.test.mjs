// Koa 3 with `koa`.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { test } from "node:test";
import Koa from "koa";
import { koa } from "../../pkg/dist/node.js";
import { abandon, call, checkContext, interleaved, recorder, serving, told } from "./_host.mjs";

/** What `@koa/router` leaves on the context: the template of the layer that it has entered. */
const route = (template, pattern, answer) => async (ctx, next) => {
  if (!pattern.test(ctx.path)) return next();
  ctx._matchedRoute = template;
  return answer(ctx);
};

function application(tide) {
  const app = new Koa();
  app.silent = true;
  app.use(koa(tide));
  app.use(route("/users/:name", /^\/users\//, (ctx) => (ctx.body = "ada")));
  app.use(route("/empty", /^\/empty$/, (ctx) => (ctx.body = null)));
  app.use(route("/stream", /^\/stream$/, (ctx) => (ctx.body = Readable.from(["a", "b"]))));
  app.use(route("/teapot", /^\/teapot$/, (ctx) => ctx.throw(418, "short")));
  app.use(
    route("/fails", /^\/fails$/, () => {
      throw new RangeError("sync");
    }),
  );
  app.use(route("/odd", /^\/odd$/, () => Promise.reject("not an error")));
  app.use(route(/pattern/, /^\/pattern$/, (ctx) => (ctx.body = "pattern")));
  app.use(
    route("/moved/:id", /^\/moved/, (ctx) => {
      ctx.path = "/elsewhere";
      ctx.body = "moved";
    }),
  );
  return app;
}

const traffic = [
  ["GET /users/ada?q=1", 200, "/users/:name"],
  ["HEAD /users/ada", 200, "/users/:name"],
  ["GET /empty", 204, "/empty"],
  ["GET /stream", 200, "/stream"],
  ["GET /teapot", 418, "/teapot"],
  ["GET /fails", 500, "/fails", "RangeError"],
  ["GET /odd", 500, "/odd", "string"],
  ["GET /pattern", 200, "/pattern"],
  ["GET /moved/1", 200, "/moved/:id"],
  ["GET /nowhere/12345", 404, "/nowhere/:id"],
];

test("the template of every route, status and error, one REQ each", async () => {
  const { tide, events } = recorder();
  await serving(createServer(application(tide).callback()), async (base) => {
    for (const [what, status] of traffic) assert.equal((await call(base, what)).status, status, what);
  });
  const expected = traffic.map(([what, status, template, error]) =>
    [what.split(" ")[0], template, status, error].filter((x) => x !== undefined),
  );
  assert.deepEqual(told(await events(traffic.length)), expected);
});

test("Koa hears of an error as it did without", async () => {
  const { tide, events } = recorder();
  const app = application(tide);
  const heard = [];
  app.on("error", (error) => heard.push(error.message));
  await serving(createServer(app.callback()), async (base) => {
    assert.equal((await call(base, "GET /fails")).text, "Internal Server Error");
    assert.equal((await call(base, "GET /teapot")).text, "short");
  });
  await events(2);
  assert.deepEqual(heard, ["sync", "short"]);
});

test("the context is the request's own, many at a time", async () => {
  const record = recorder();
  const { tide } = record;
  const app = new Koa();
  app.use(koa(tide));
  app.use(async (ctx) => {
    const number = ctx.path.split("/").at(-1);
    tide.scope(ctx).set("number", Number(number));
    tide.scope(ctx).route(`/n/${number}`);
    ctx.body = await interleaved(tide, number);
  });
  await serving(createServer(app.callback()), async (base) => {
    await checkContext(record, async (at) => (await call(base, `GET /n/${at}`)).text);
  });
});

test("an aborted request is an error without status, recorded once though Koa goes on", async () => {
  const { tide, events } = recorder();
  const app = new Koa();
  let entered;
  let release;
  const ready = new Promise((resolve) => (entered = resolve));
  const released = new Promise((resolve) => (release = resolve));
  app.use(koa(tide));
  app.use(async (ctx) => {
    entered();
    await released;
    ctx.body = "late";
  });
  await serving(createServer(app.callback()), async (base) => {
    await abandon(base, "/silent", ready);
    assert.deepEqual(told(await events(1)), [["GET", "/silent", "client_disconnected"]]);
    release();
    await call(base, "GET /after");
    await events(2);
  });
});
