// node:http with `listener`.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { listener } from "../../pkg/dist/node.js";
import { abandon, call, checkContext, interleaved, recorder, serving, told } from "./_host.mjs";

const serve = (tide, fn, work, options) => serving(createServer(listener(tide, fn, options)), work);

test("method, path, status, and the response as it was sent", async () => {
  const { tide, events } = recorder();
  const answer = (request, response) => {
    const status = Number(request.url.split("/")[2]) || 200;
    response.writeHead(status, { "x-own": "yes" });
    response.end([204, 304].includes(status) ? undefined : `${request.method} ${request.url}`);
  };
  await serve(tide, answer, async (base) => {
    const hi = await call(base, "GET /a/200?to=http://other/b");
    assert.deepEqual(
      [hi.status, hi.text, hi.headers.get("x-own")],
      [200, "GET /a/200?to=http://other/b", "yes"],
    );
    const head = await call(base, "HEAD /a/200");
    assert.deepEqual([head.status, head.text], [200, ""]);
    for (const status of [204, 304, 404, 503])
      assert.equal((await call(base, `POST /a/${status}`)).status, status);
  });
  assert.deepEqual(told(await events(6)), [
    ["GET", "/a/:id", 200],
    ["HEAD", "/a/:id", 200],
    ["POST", "/a/:id", 204],
    ["POST", "/a/:id", 304],
    ["POST", "/a/:id", 404],
    ["POST", "/a/:id", 503],
  ]);
});

test("the duration lasts to the end of the response; a stream is not touched", async () => {
  const { tide, events } = recorder();
  const stream = (_request, response) => {
    response.write("a");
    setTimeout(() => response.end("b"), 80);
  };
  await serve(tide, stream, async (base) => {
    const response = await fetch(base);
    const chunks = [];
    for await (const chunk of response.body) chunks.push(Buffer.from(chunk).toString());
    assert.deepEqual(chunks, ["a", "b"]);
  });
  const [{ dur_ms }] = await events(1);
  assert.ok(dur_ms >= 70, `${dur_ms} ms`);
});

test("a client that leaves: before headers an error without status, after them the status and an attribute", async () => {
  const { tide, events } = recorder();
  let entered;
  const ready = new Promise((resolve) => (entered = resolve));
  const answer = ({ url }, response) => {
    if (url === "/silent") entered();
    else response.write("some");
  };
  await serve(tide, answer, async (base) => {
    await abandon(base, "/silent", ready);
    await events(1);
    await abandon(base, "/stream");
    const found = await events(2);
    assert.deepEqual(told(found), [
      ["GET", "/silent", "client_disconnected"],
      ["GET", "/stream", 200],
    ]);
    assert.equal(found[1].attributes.client_disconnected, true);
  });
});

test("a response that the server breaks off is an error with the status that was sent", async () => {
  const { tide, events } = recorder();
  const answer = (_request, response) => {
    response.write("some", () => response.destroy(new RangeError("upstream")));
  };
  await serve(tide, answer, async (base) => {
    await assert.rejects(call(base, "GET /cut"));
  });
  const [exception, ...found] = await events(1);
  assert.deepEqual(told(found), [["GET", "/cut", 200, "RangeError"]]);
  assert.equal(found[0].attributes.client_disconnected, false);
  assert.equal(exception.attributes["exception.message"], "upstream");
});

test("the context is the request's own, many at a time; traceparent, scope and route", async () => {
  const record = recorder();
  const { tide } = record;
  const answer = async (request, response) => {
    const number = request.url.split("/").at(-1);
    tide.scope(request).set("number", Number(number));
    tide.scope(request).route(`/named/${number}`);
    response.end(await interleaved(tide, number));
  };
  await serve(tide, answer, async (base) => {
    await checkContext(record, async (at) => (await call(base, `GET /n/${at}`)).text);
  });

  const { tide: other, events } = recorder();
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const options = { route: ({ url }) => (url.startsWith("/u/") ? "/u/{name}" : undefined) };
  const hi = (_request, response) => response.end("hi");
  await serve(
    other,
    hi,
    async (base) => {
      await call(base, "GET /u/ada", { headers: { traceparent } });
      await call(base, "GET /v");
    },
    options,
  );
  const [named, plain] = await events(2);
  assert.deepEqual([named.route, plain.route], ["/u/{name}", "/v"]);
  assert.deepEqual([named.trace_id, named.parent_id], traceparent.split("-").slice(1, 3));
});

test("upgrade and CONNECT go their own way", async () => {
  const { tide, events } = recorder();
  const server = createServer(listener(tide, (_request, response) => response.end("hi")));
  server.on("upgrade", (_request, socket) => socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\nup"));
  server.on("connect", (_request, socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nthrough"));
  await serving(server, async (base) => {
    const { port } = new URL(base);
    for (const [head, answer] of [
      ["GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x", "101"],
      ["CONNECT a:1 HTTP/1.1\r\nHost: a", "200"],
    ]) {
      const socket = connect(port, "127.0.0.1").setEncoding("utf8");
      socket.write(`${head}\r\n\r\n`);
      assert.match(String(await once(socket, "data")), new RegExp(`HTTP/1.1 ${answer}`));
      socket.destroy();
    }
    await call(base, "GET /after");
  });
  assert.deepEqual(told(await events(1)), [["GET", "/after", 200]]);
});

test("pipelined requests on one connection are told apart", async () => {
  const { tide, events } = recorder();
  const answer = ({ url }, response) => setTimeout(() => response.end(url), url === "/1st" ? 30 : 0);
  await serve(tide, answer, async (base) => {
    const socket = connect(new URL(base).port, "127.0.0.1").setEncoding("utf8");
    socket.write(["/1st", "/2nd", "/3rd"].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(""));
    const found = await events(3);
    assert.deepEqual(found.map(({ route }) => route).sort(), ["/1st", "/2nd", "/3rd"]);
    socket.destroy();
  });
});

test("a listener keeps its `this` and its result; without a collector nothing is in between", async () => {
  const seen = [];
  const fn = function (_request, response) {
    seen.push(this);
    response.end();
    return "result";
  };
  const { tide, events } = recorder();
  for (const given of [tide, {}]) {
    const wrapped = listener(given, fn);
    const server = createServer(function (...args) {
      seen.push(Reflect.apply(wrapped, this, args));
    });
    await serving(server, (base) => call(base, "GET /"));
    assert.deepEqual(seen.splice(0), [server, "result"]);
  }
  await events(1);
});
