// node:http2 by its compatibility API, bare, with Koa and with Fastify: streams that either side breaks off.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, constants, createServer } from "node:http2";
import { Readable } from "node:stream";
import { test } from "node:test";
import Fastify from "fastify";
import Koa from "koa";
import { fastify, koa, listener } from "../../pkg/dist/node.js";
import { checkContext, interleaved, recorder, told } from "./_host.mjs";

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_REFUSED_STREAM } = constants;

/** Listens on loopback for as long as `work` runs. `work` gets a client. */
async function serving(server, work) {
  await once(server.listen(0, "127.0.0.1"), "listening");
  const client = connect(`http://127.0.0.1:${server.address().port}`);
  client.on("error", () => {});
  try {
    await work(client);
  } finally {
    client.destroy();
    server.close();
  }
}

/** One request: its status, and how its stream ended. `onData` sees the first bytes. */
function call(client, path, { method = "GET", body, onData, onOpen } = {}) {
  const stream = client.request({ ":path": path, ":method": method });
  const chunks = [];
  let status;
  stream.on("response", (headers) => (status = headers[":status"]));
  stream.on("data", (chunk) => {
    if (chunks.push(chunk) === 1) onData?.(stream);
  });
  stream.on("error", () => {});
  stream.end(body);
  onOpen?.(stream);
  return new Promise((resolve) => {
    stream.on("close", () =>
      resolve({ status, code: stream.rstCode, text: Buffer.concat(chunks).toString() }),
    );
  });
}

const failing = () =>
  Readable.from(
    (async function* () {
      yield "some";
      await new Promise((resolve) => setTimeout(resolve, 20));
      throw new RangeError("source");
    })(),
  );

/** What a handler does to its response, and what is recorded. */
const ANSWERS = {
  "/whole": [(response) => response.end("hi"), [200]],
  "/head": [(response) => response.end(), [200], { method: "HEAD" }],
  "/body": [(response) => response.end(), [200], { method: "POST", body: "x".repeat(50_000) }],
  "/changed": [
    (response) => {
      response.statusCode = 201;
      response.write("a");
      response.statusCode = 500;
      response.end("b");
    },
    [201],
  ],
  "/responds": [
    (response) => {
      response.stream.respond({ ":status": 404 });
      response.stream.end("x");
    },
    [404],
  ],
  "/internal": [
    (response) => response.stream.close(NGHTTP2_INTERNAL_ERROR),
    [undefined, "ERR_HTTP2_STREAM_ERROR"],
  ],
  "/refused": [
    (response) => response.stream.close(NGHTTP2_REFUSED_STREAM),
    [undefined, "ERR_HTTP2_STREAM_ERROR"],
  ],
  "/internal-later": [
    (response) => response.write("some", () => response.stream.close(NGHTTP2_INTERNAL_ERROR)),
    [200, "ERR_HTTP2_STREAM_ERROR", false],
  ],
  "/destroyed": [
    (response) => response.write("some", () => response.stream.destroy(new TypeError("mine"))),
    [200, "TypeError", false],
  ],
  "/aborted": [
    (response) => response.write("some", () => response.stream.destroy()),
    [200, "response_aborted", false],
  ],
  "/closed": [(response) => response.write("all", () => response.stream.close()), [200]],
  "/unanswered": [(response) => response.stream.close(), [undefined, "response_aborted"]],
  "/cancelled": [() => {}, [undefined, "client_disconnected"], { onOpen: cancelLater }],
  "/reset": [() => {}, [undefined, "client_disconnected"], { onOpen: resetLater }],
  "/reset-later": [(response) => response.write("some"), [200, undefined, true], { onData: reset }],
  "/left": [(response) => response.write("some"), [200, undefined, true], { onData: cancel }],
  "/left-late": [(response) => response.end(Buffer.alloc(5e6)), [200, undefined, true], { onData: cancel }],
};

function cancel(stream) {
  stream.close(NGHTTP2_CANCEL);
}

function reset(stream) {
  stream.close(NGHTTP2_INTERNAL_ERROR);
}

function resetLater(stream) {
  setTimeout(reset, 50, stream);
}

function cancelLater(stream) {
  setTimeout(cancel, 50, stream);
}

test("the status that was sent, and how the stream ended", async () => {
  const { tide, events } = recorder();
  const server = createServer(listener(tide, ({ url }, response) => ANSWERS[url][0](response)));
  let count = 0;
  await serving(server, async (client) => {
    for (const [path, [, [status, error, hasLeft], init]] of Object.entries(ANSWERS)) {
      assert.equal((await call(client, path, init)).status, status, path);
      const found = (await events(++count)).filter(({ kind }) => kind === "REQ").at(-1);
      const { status: sent, error: type, attributes } = found;
      assert.deepEqual([sent, type, attributes?.client_disconnected], [status, error, hasLeft], path);
    }
  });
});

const endings = {
  "the session, destroyed": (client) => client.destroy(),
  "the session, with an error": (client) => client.destroy(new Error("mine"), NGHTTP2_INTERNAL_ERROR),
};

for (const [what, end] of Object.entries(endings)) {
  test(`a client whose connection is gone has left every stream of it: ${what}`, async () => {
    const { tide, events } = recorder();
    let open = 0;
    let all;
    const areOpen = new Promise((resolve) => (all = resolve));
    const server = createServer(
      listener(tide, ({ url }, response) => {
        if (url === "/stream") response.write("some");
        if (++open === 2) all();
      }),
    );
    await serving(server, async (client) => {
      const calls = ["/silent", "/stream"].map((path) => call(client, path));
      await areOpen;
      end(client);
      await Promise.all(calls);
      const found = (await events(2)).filter(({ kind }) => kind === "REQ");
      const silent = found.find(({ route }) => route === "/silent");
      const stream = found.find(({ route }) => route === "/stream");
      assert.deepEqual([silent.status, silent.error], [undefined, "client_disconnected"]);
      assert.deepEqual([stream.status, stream.error], [200, undefined]);
      assert.equal(stream.attributes.client_disconnected, true);
    });
  });
}

const frameworks = {
  async Koa(tide, ready) {
    const app = new Koa();
    app.silent = true;
    app.use(koa(tide));
    app.use((ctx) => {
      ctx._matchedRoute = ctx.path;
      if (ctx.path === "/whole") ctx.body = "hi";
      else if (ctx.path === "/fails") throw new RangeError("sync");
      else if (ctx.path === "/source") ctx.body = failing();
      else if (ctx.path === "/stream") {
        ctx.respond = false;
        ctx.status = 200;
        ctx.res.write("some");
      } else if (ctx.path === "/silent") {
        ready();
        return new Promise(() => {});
      }
    });
    return createServer(app.callback());
  },
  async Fastify(tide, ready) {
    const app = Fastify({ http2: true });
    await app.register(fastify(tide));
    app.get("/whole", () => "hi");
    app.get("/fails", () => {
      throw new RangeError("sync");
    });
    app.get("/source", (_request, reply) => reply.send(failing()));
    app.get("/stream", (_request, reply) => {
      reply.hijack();
      reply.raw.write("some");
    });
    app.get("/silent", () => {
      ready();
      return new Promise(() => {});
    });
    await app.ready();
    return app.server;
  },
};

for (const [name, make] of Object.entries(frameworks)) {
  test(`${name} on http2: whole, failing, cancelled, left, and a source that throws`, async () => {
    const { tide, events } = recorder();
    let entered;
    const ready = new Promise((resolve) => (entered = resolve));
    await serving(await make(tide, entered), async (client) => {
      assert.equal((await call(client, "/whole")).text, "hi");
      assert.equal((await call(client, "/fails")).status, 500);
      const onOpen = (stream) => void ready.then(() => cancel(stream));
      await call(client, "/silent", { onOpen });
      await call(client, "/stream", { onData: cancel });
      assert.equal((await call(client, "/none/12345")).status, 404);
      assert.deepEqual(told(await events(5)), [
        ["GET", "/whole", 200],
        ["GET", "/fails", 500, "RangeError"],
        ["GET", "/silent", "client_disconnected"],
        ["GET", "/stream", 200],
        ["GET", name === "Koa" ? "/none/12345" : "/none/:id", 404],
      ]);
      await call(client, "/source");
      const found = (await events(6)).at(-1);
      assert.deepEqual([found.route, found.status, found.error], ["/source", 200, "RangeError"]);
    });
  });
}

test("the context is the request's own, many at a time on one connection", async () => {
  const record = recorder();
  const { tide } = record;
  const answer = async (request, response) => {
    const number = request.url.split("/").at(-1);
    tide.scope(request).set("number", Number(number));
    tide.scope(request).route(`/n/${number}`);
    const text = await interleaved(tide, number);
    request.on("end", () => response.end(text)).resume();
  };
  await serving(createServer(listener(tide, answer)), (client) =>
    checkContext(record, async (at) => (await call(client, `/n/${at}`, { method: "POST", body: "x" })).text),
  );
});
