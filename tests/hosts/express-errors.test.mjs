// Requests that fail in Express 5, Express 4 and Connect: their route, and the error that `errorMiddleware` sees.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import connect from "connect";
import express5 from "express";
import express4 from "express-4";
import { errorMiddleware, listener, middleware } from "../../pkg/dist/node.js";
import { call, recorder, serving, told } from "./_host.mjs";

/** How a handler fails: the error's type, and the handler. */
const failures = {
  throws: [
    "RangeError",
    () => {
      throw new RangeError("sync");
    },
  ],
  next: ["TypeError", (_request, _response, next) => next(new TypeError("given"))],
  text: ["string", (_request, _response, next) => next("a text")],
  late: ["SyntaxError", (_request, _response, next) => setTimeout(next, 5, new SyntaxError("later"))],
  object: ["Error", (_request, _response, next) => next({ code: 7 })],
};
const rejections = {
  rejects: ["RangeError", async () => Promise.reject(new RangeError("async"))],
  awaits: [
    "EvalError",
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      throw new EvalError("after an await");
    },
  ],
};

/** Each failure under routers that are mounted in each other. */
function application(express, tide, { first = [middleware(tide)], last = [errorMiddleware(tide)], fails }) {
  const app = express();
  app.set("env", "test");
  for (const use of first) app.use(use);
  const inner = express.Router({ mergeParams: true });
  for (const [name, [, handler]] of Object.entries(fails)) inner.get(`/${name}/:id`, handler);
  const outer = express.Router();
  outer.use("/v1", inner);
  app.use("/api", outer);
  app.use("/teams/:team", outer);
  const sub = express();
  for (const [name, [, handler]] of Object.entries(fails)) sub.get(`/${name}`, handler);
  app.use("/sub", sub);
  app.get("/fine/:id", (_request, response) => response.send("fine"));
  app.get("/passes/:id", (_request, _response, next) => next("route"));
  for (const use of last) app.use(use);
  return app;
}

const versions = { "Express 5": express5, "Express 4": express4 };

for (const [version, express] of Object.entries(versions)) {
  const fails = { ...failures, ...(version === "Express 5" ? rejections : {}) };

  test(`${version}: the route of a failed request is the whole one, below mounted routers too`, async () => {
    for (const last of [[], undefined]) {
      const { tide, events } = recorder();
      const expected = [];
      await serving(createServer(application(express, tide, { last, fails })), async (base) => {
        for (const [name, [type]] of Object.entries(fails)) {
          const error = last === undefined ? type : undefined;
          for (const [path, route] of [
            [`/api/v1/${name}/12345`, `/api/v1/${name}/:id`],
            [`/teams/12345/v1/${name}/7`, `/teams/:id/v1/${name}/:id`],
            [`/sub/${name}`, `/sub/${name}`],
          ]) {
            assert.equal((await call(base, `GET ${path}`)).status, 500, path);
            expected.push(["GET", route, 500, error].filter((x) => x !== undefined));
          }
        }
        assert.equal((await call(base, "GET /fine/1")).text, "fine");
        assert.equal((await call(base, "GET /passes/12345")).status, 404);
        assert.equal((await call(base, "GET /api/v1/none/12345")).status, 404);
      });
      const rest = [
        ["GET", "/fine/:id", 200],
        ["GET", "/passes/:id", 404],
        ["GET", "/api/v1/none/:id", 404],
      ];
      assert.deepEqual(told(await events(expected.length + 3)), [...expected, ...rest]);
    }
  });

  test(`${version}: an error goes on to the user's own handler, the same value`, async () => {
    const { tide, events } = recorder();
    const seen = [];
    const own = (error, { path }, response, next) => {
      seen.push(error);
      if (path === "/next") response.status(503).send("mine");
      else if (path === "/throws") response.status(404).send("mine");
      else next(error);
    };
    const given = new TypeError("given");
    const app = express();
    app.set("env", "test");
    app.use(middleware(tide));
    app.get("/next", (_request, _response, next) => next(given));
    app.get("/throws", failures.throws[1]);
    app.get("/text", failures.text[1]);
    app.use(errorMiddleware(tide), own);
    await serving(createServer(app), async (base) => {
      assert.equal((await call(base, "GET /next")).text, "mine");
      assert.equal((await call(base, "GET /throws")).status, 404);
      assert.equal((await call(base, "GET /text")).status, 500);
    });
    assert.equal(seen[0], given);
    assert.equal(seen[2], "a text");
    assert.deepEqual(told(await events(3)), [
      ["GET", "/next", 503, "TypeError"],
      ["GET", "/throws", 404],
      ["GET", "/text", 500, "string"],
    ]);
  });

  test(`${version}: two collectors, and one that is measured twice, all have route and error`, async () => {
    const [one, two] = [recorder(), recorder()];
    const app = application(express, one.tide, {
      fails,
      first: [middleware(one.tide), middleware(two.tide), middleware(one.tide)],
      last: [errorMiddleware(one.tide), errorMiddleware(two.tide)],
    });
    await serving(createServer(listener(one.tide, app)), async (base) => {
      assert.equal((await call(base, "GET /api/v1/next/12345")).status, 500);
    });
    for (const { events } of [one, two]) {
      assert.deepEqual(told(await events(1)), [["GET", "/api/v1/next/:id", 500, "TypeError"]]);
    }
  });
}

test("Connect, which knows no routes: the path, and the error", async () => {
  const { tide, events } = recorder();
  const app = connect();
  app.use(middleware(tide));
  app.use("/mounted", failures.throws[1]);
  app.use("/given", failures.next[1]);
  app.use("/fine", (_request, response) => response.end("fine"));
  app.use(errorMiddleware(tide));
  app.use((error, _request, response, next) => {
    if (!(error instanceof TypeError)) return next(error);
    response.statusCode = 502;
    response.end("mine");
  });
  await serving(createServer(app), async (base) => {
    assert.equal((await call(base, "GET /mounted/12345")).status, 500);
    assert.equal((await call(base, "GET /given/deep")).text, "mine");
    assert.equal((await call(base, "GET /fine/12345")).text, "fine");
    assert.equal((await call(base, "GET /none/12345")).status, 404);
  });
  assert.deepEqual(told(await events(4)), [
    ["GET", "/mounted/:id", 500, "RangeError"],
    ["GET", "/given/deep", 502, "TypeError"],
    ["GET", "/fine/:id", 200],
    ["GET", "/none/:id", 404],
  ]);
});

test("errorMiddleware without a collector, or for a request that nobody measures, passes the error on", () => {
  const error = new Error("mine");
  for (const tide of [{}, recorder().tide]) {
    const seen = [];
    errorMiddleware(tide)(error, {}, {}, (given) => seen.push(given));
    assert.deepEqual(seen, [error]);
    assert.equal(errorMiddleware(tide).length, 4);
  }
});
