// Node's streams: callbacks of bodies keep their request, the status is that which was sent, and a source that fails is
// an error.
import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, createServer, request as send } from "node:http";
import { finished, PassThrough, pipeline, Readable, Writable } from "node:stream";
import { finished as over } from "node:stream/promises";
import { test } from "node:test";
import express from "express";
import Fastify from "fastify";
import Koa from "koa";
import { fastify, koa, listener, middleware } from "../../pkg/dist/node.js";
import { abandon, call, recorder, serving, told } from "./_host.mjs";

const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => setImmediate(done) });

/** Where code may run that belongs to a request. Each says so once, by `say`. */
const CALLBACKS = {
  "end of the request": (request, response, say) => {
    request.on("end", () => {
      say();
      response.end();
    });
    request.resume();
  },
  "data of the request": (request, response, say) => {
    request.once("data", say);
    request.on("end", () => response.end());
  },
  "close of the request": (request, response, say) => {
    request.on("close", say);
    request.resume().on("end", () => response.end());
  },
  readable: (request, response, say) => {
    request.once("readable", say);
    request.on("readable", () => request.read());
    request.on("end", () => response.end());
  },
  once: async (request, response, say) => {
    request.resume();
    await once(request, "end");
    say();
    response.end();
  },
  "for await": async (request, response, say) => {
    for await (const _ of request);
    say();
    response.end();
  },
  pipeline: (request, response, say) => {
    pipeline(request, nowhere(), () => {
      say();
      response.end();
    });
  },
  "pipeline through a transform": (request, response, say) => {
    pipeline(request, new PassThrough(), nowhere(), () => {
      say();
      response.end();
    });
  },
  "pipe to the response": (request, response, say) => {
    pipeline(request, response, say);
  },
  "finished of the request": (request, response, say) => {
    finished(request, { writable: false }, () => {
      say();
      response.end();
    });
    request.resume();
  },
  "stream/promises": async (request, response, say) => {
    request.resume();
    await over(request, { writable: false });
    say();
    response.end();
  },
  "finish of the response": (request, response, say) => {
    response.on("finish", say);
    request.resume().on("end", () => response.end());
  },
  "close of the response": (request, response, say) => {
    response.on("close", say);
    request.resume().on("end", () => response.end());
  },
  "callback of end": (request, response, say) => {
    request.resume().on("end", () => response.end("text", say));
  },
  "callback of write": (request, response, say) => {
    request.resume().on("end", () =>
      response.write("text", () => {
        say();
        response.end();
      }),
    );
  },
};

const servers = {
  listener: (tide, play) => createServer(listener(tide, (request, response) => play(request, response))),
  Express: (tide, play) => {
    const app = express();
    app.use(middleware(tide), (request, response) => play(request, response));
    return createServer(app);
  },
  Koa: (tide, play) => {
    const app = new Koa();
    app.use(koa(tide));
    app.use((ctx) => {
      ctx.respond = false;
      ctx.res.statusCode = 200;
      play(ctx.req, ctx.res);
    });
    return createServer(app.callback());
  },
};

/** Sends a body in two parts, all requests by one agent. */
function post(agent, base, path) {
  return new Promise((resolve, reject) => {
    const request = send(base + path, { method: "POST", agent }, (response) => {
      response.resume().on("end", resolve);
    });
    request.on("error", reject);
    request.write("first");
    setTimeout(() => request.end("x".repeat(100_000)), 5);
  });
}

for (const [name, make] of Object.entries(servers)) {
  test(`${name}: callbacks of bodies and responses keep their request, on one connection too`, async () => {
    const names = Object.keys(CALLBACKS);
    const { tide, events } = recorder();
    const said = [];
    const play = (request, response) => {
      const which = names[Number(request.url.split("/")[2])];
      let say;
      said.push(new Promise((resolve) => (say = resolve)));
      CALLBACKS[which](request, response, () => {
        tide.evt(which);
        say();
      });
    };
    const agent = new Agent({ keepAlive: true, maxSockets: 3 });
    await serving(make(tide, play), async (base) => {
      await Promise.all(
        [...names, ...names].map((_, at) => post(agent, base, `/callback/${at % names.length}/of`)),
      );
      await Promise.all(said);
      agent.destroy();
    });
    const found = await events(names.length * 2);
    const requests = new Map(
      found.filter(({ kind }) => kind === "REQ").map((event) => [event.span_id, event]),
    );
    const told = found.filter(({ kind }) => kind === "EVT");
    const lost = told.filter(({ parent_id, trace_id }) => requests.get(parent_id)?.trace_id !== trace_id);
    assert.deepEqual(
      lost.map(({ name: which }) => which),
      [],
    );
    const parents = new Set(told.map(({ parent_id }) => parent_id));
    assert.deepEqual([told.length, parents.size], [names.length * 2, names.length * 2]);
  });
}

test("Fastify: callbacks of the raw body keep their request", async () => {
  const { tide, events } = recorder();
  const app = Fastify();
  await app.register(fastify(tide));
  app.addContentTypeParser("text/x", (_request, payload, done) => {
    pipeline(payload, nowhere(), () => {
      tide.evt("parsed");
      done(null, "body");
    });
  });
  app.post("/", (_request, reply) => {
    tide.evt("handled");
    reply.raw.on("close", () => tide.evt("closed"));
    reply.send("hi");
  });
  await app.ready();
  await serving(app.server, async (base) => {
    const init = { body: "x".repeat(50_000), headers: { "content-type": "text/x" } };
    assert.equal((await call(base, "POST /", init)).text, "hi");
    await events(1);
  });
  const found = await events(1);
  const [{ span_id }] = found.filter(({ kind }) => kind === "REQ");
  const names = found.filter(({ parent_id }) => parent_id === span_id).map(({ name }) => name);
  assert.deepEqual(names.sort(), ["closed", "handled", "parsed"]);
});

test("`emit` is the request's own, hidden, and without a collector it is Node's", async () => {
  const seen = [];
  const look = (request, response) => {
    seen.push(Object.keys(request).includes("emit"), Object.hasOwn(request, "emit"));
    request.on("error", (error) => seen.push(error.message));
    request.emit("error", new Error("mine"));
    seen.push(request.emit("nobody"));
    response.end();
  };
  const { tide } = recorder();
  for (const given of [tide, {}]) {
    await serving(createServer(listener(given, look)), (base) => call(base, "GET /"));
    assert.deepEqual(seen.splice(0), [false, given === tide, "mine", false]);
  }
});

/** What a handler says after its headers have gone out. */
const CHANGED = {
  "/end": (response) => {
    response.statusCode = 201;
    response.end("x");
    response.statusCode = 500;
  },
  "/write": (response) => {
    response.statusCode = 202;
    response.write("x");
    response.statusCode = 503;
    setImmediate(() => response.end("y"));
  },
  "/head": (response) => {
    response.writeHead(203, "Own Reason", { "x-own": "yes" });
    response.statusCode = 502;
    response.end();
  },
  "/flush": (response) => {
    response.statusCode = 206;
    response.flushHeaders();
    response.statusCode = 500;
    response.end();
  },
  "/hints": (response) => {
    response.writeEarlyHints({ link: "</a>; rel=preload" });
    response.statusCode = 404;
    response.end();
    response.statusCode = 200;
  },
};

test("the status is that which was sent, whatever it is changed to afterwards", async () => {
  const { tide, events } = recorder();
  const server = createServer(listener(tide, ({ url }, response) => CHANGED[url](response)));
  const sent = [];
  await serving(server, async (base) => {
    for (const path of Object.keys(CHANGED)) sent.push((await call(base, `GET ${path}`)).status);
  });
  assert.deepEqual(sent, [201, 202, 203, 206, 404]);
  assert.deepEqual(
    (await events(5)).map(({ status, error }) => [status, error]),
    sent.map((status) => [status, undefined]),
  );
});

/** Without the exceptions that came with them. */
const requestsOf = (events) => events.filter(({ kind }) => kind === "REQ");

test("a server that breaks off is an error, a client that leaves is none", async () => {
  const { tide, events } = recorder();
  const answers = {
    "/destroyed": (response) => response.write("some", () => response.destroy()),
    "/socket": (response) => response.write("some", () => response.socket.destroy()),
    "/error": (response) => response.write("some", () => response.destroy(new TypeError("mine"))),
    "/unanswered": (response) => response.destroy(),
    "/left": (response) => response.write("some"),
  };
  const server = createServer(listener(tide, ({ url }, response) => answers[url](response)));
  await serving(server, async (base) => {
    for (const path of Object.keys(answers).slice(0, 4))
      await assert.rejects(call(base, `GET ${path}`), path);
    await events(4);
    await abandon(base, "/left");
    const found = await events(5);
    assert.deepEqual(told(found), [
      ["GET", "/destroyed", 200, "response_aborted"],
      ["GET", "/socket", 200, "response_aborted"],
      ["GET", "/error", 200, "TypeError"],
      ["GET", "/unanswered", "response_aborted"],
      ["GET", "/left", 200],
    ]);
    assert.deepEqual(
      requestsOf(found).map(({ attributes }) => attributes?.client_disconnected),
      [false, false, false, undefined, true],
    );
  });
});

async function* failing(chunks) {
  for (let at = 0; at < chunks; at += 1) {
    yield "some";
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new RangeError("source");
}

/** Sources of `reply.send`, and what is recorded of them. */
const SOURCES = {
  "/later": [() => Readable.from(failing(2)), [200, "RangeError"]],
  "/destroyed": [
    () => {
      const stream = new PassThrough();
      stream.write("some");
      setTimeout(() => stream.destroy(new TypeError("mine")), 20);
      return stream;
    },
    [200, "TypeError"],
  ],
  "/at-once": [() => Readable.from(failing(0)), [500, "RangeError"]],
  "/piped": [() => pipeline(Readable.from(failing(2)), new PassThrough(), () => {}), [200, "RangeError"]],
  "/web": [() => Readable.toWeb(Readable.from(failing(2))), [200, "response_aborted"]],
  "/response": [() => new Response(Readable.toWeb(Readable.from(failing(2)))), [200, "response_aborted"]],
  "/fine": [() => Readable.from(["a", "b"]), [200, undefined]],
};

test("Fastify: a stream whose source throws is an error", async () => {
  const { tide, events } = recorder();
  const app = Fastify();
  await app.register(fastify(tide));
  for (const [path, [source]] of Object.entries(SOURCES))
    app.get(path, (_request, reply) => reply.send(source()));
  app.get("/left", (_request, reply) => {
    const stream = new PassThrough();
    stream.write("some");
    return reply.send(stream);
  });
  await app.ready();
  await serving(app.server, async (base) => {
    for (const [path, [, [status, error]]] of Object.entries(SOURCES)) {
      const got = call(base, `GET ${path}`);
      if (status === 200 && error !== undefined) await assert.rejects(got, path);
      else assert.equal((await got).status, status, path);
    }
    await events(7);
    await abandon(base, "/left");
    const found = await events(8);
    const expected = Object.values(SOURCES).map(([, outcome]) => outcome);
    assert.deepEqual(
      requestsOf(found).map(({ status, error }) => [status, error]),
      [...expected, [200, undefined]],
    );
    assert.equal(found.at(-1).attributes.client_disconnected, true);
  });
});
