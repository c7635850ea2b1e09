// A thrown error with a cause, on each adapter: its type, its message and its stack in NDJSON, OTLP traces and logs.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import connect from "connect";
import express from "express";
import Fastify from "fastify";
import { Hono } from "hono";
import Koa from "koa";
import { measure, withTide } from "../../pkg/dist/fetch.js";
import { tidegate } from "../../pkg/dist/hono.js";
import { errorMiddleware, fastify, koa, listener, middleware } from "../../pkg/dist/node.js";
import { instrument, instrumentDurableObject, instrumentEntrypoint } from "../../pkg/dist/workers.js";
import { attributesOf, itemsOf } from "../../tools/otlp.mjs";
import { capture } from "../sinks/_capture.mjs";
import { serving } from "./_host.mjs";

class PaymentError extends Error {
  name = "PaymentError";
}

const declined = () => new PaymentError("card declined", { cause: new TypeError("socket closed") });
const fail = () => {
  throw declined();
};
const failLater = async () => {
  await null;
  throw declined();
};
const ctx = { waitUntil() {}, passThroughOnException() {} };
const request = () => new Request("https://shop.example/pay");
const ignore = () => {};

/** Calls what listens on loopback, whatever it answers. */
const get = (server) =>
  serving(server, async (base) => void (await fetch(`${base}/pay`).then((r) => r.text())));

function withErrors(app) {
  app.use((_error, _request, response, _next) => {
    response.statusCode = 500;
    response.end("sorry");
  });
  return createServer(app);
}

const classes = {
  alarm: fail,
  webSocketMessage: failLater,
  charge: fail,
};

/** By adapter: lets a handler throw. */
const ADAPTERS = {
  withTide: async (tide) => assert.throws(() => withTide(tide, fail)(request())),
  "withTide, later": async (tide) => withTide(tide, failLater)(request()).catch(ignore),
  measure: async (tide) => measure(tide, request(), failLater).catch(ignore),
  "Hono's onError": async (tide) => {
    const app = new Hono().use(tidegate(tide)).get("/pay", fail);
    app.onError((_error, c) => c.text("sorry", 500));
    assert.equal((await app.fetch(request())).status, 500);
  },
  "node's listener": (tide) =>
    get(
      createServer((asked, response) => {
        try {
          listener(tide, fail)(asked, response);
        } catch {
          response.writeHead(500).end();
        }
      }),
    ),
  Express: (tide) => {
    const app = express().use(middleware(tide)).get("/pay", failLater).use(errorMiddleware(tide));
    return get(withErrors(app));
  },
  Connect: (tide) =>
    get(withErrors(connect().use(middleware(tide)).use("/pay", fail).use(errorMiddleware(tide)))),
  Koa: (tide) => {
    const app = new Koa().use(koa(tide)).use(failLater);
    app.silent = true;
    return get(createServer(app.callback()));
  },
  Fastify: async (tide) => {
    const app = Fastify();
    await app.register(fastify(tide));
    app.get("/pay", failLater);
    await app.inject("/pay");
    await app.close();
  },
  ...Object.fromEntries(
    ["fetch", "scheduled", "queue", "email", "tail"].map((name) => [
      `a Worker's ${name}`,
      async (tide) =>
        instrument(tide, { [name]: failLater })
          [name](request(), {}, ctx)
          .catch(ignore),
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(classes).flatMap(([name, method]) =>
      [instrumentDurableObject, instrumentEntrypoint].map((instrumented) => [
        `${name} by ${instrumented.name}`,
        async (tide) => {
          class Base {}
          Base.prototype[name] = method;
          const object = new (instrumented(tide, Base))(ctx, {});
          try {
            await object[name](1);
          } catch {}
        },
      ]),
    ),
  ),
};

for (const [name, run] of Object.entries(ADAPTERS)) {
  test(name, async () => {
    const { ndjson, protobuf, json } = await capture(run, { options: { errors: "stack" } });
    const [exception, root] = ndjson.filter(({ kind }) => kind !== "META");
    assert.deepEqual(
      [exception.name, exception.severity, exception.error],
      ["exception", "error", "PaymentError"],
    );
    assert.equal(exception.parent_id, root.span_id);
    assert.equal(exception.trace_id, root.trace_id);
    const { error, error_message, error_cause, error_stack } = root;
    assert.deepEqual(
      [error, error_message, error_cause],
      ["PaymentError", "card declined", "TypeError: socket closed"],
    );
    assert.match(
      error_stack,
      /^\s+at declined .*exceptions\.test\.mjs:\d+:\d+\)\n[\s\S]*\nCaused by: TypeError\n/,
    );
    const wanted = {
      "exception.type": error,
      "exception.message": error_message,
      "exception.cause": error_cause,
      "exception.stacktrace": error_stack,
    };
    assert.deepEqual(exception.attributes, wanted);
    for (const batches of [protobuf, json]) {
      const of = (signal) =>
        batches.filter((batch) => batch.signal === signal).flatMap((batch) => itemsOf(signal, batch.request));
      const [span, ...spans] = of("traces");
      const [record, ...records] = of("logs");
      assert.deepEqual([spans, records], [[], []]);
      assert.deepEqual(attributesOf(span.events[0]), wanted);
      assert.deepEqual(attributesOf(record), wanted);
      assert.equal(record.spanId, span.spanId);
    }
  });
}
