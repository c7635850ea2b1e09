// From a handler of Requests to a listener of Node's servers.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { toListener } from "../../pkg/dist/dashboard.js";
import { until } from "../../tools/receiver.mjs";

/** Serves `handler`; `responses` are those of Node. */
async function withServer(handler, work) {
  const listener = toListener(handler);
  const responses = [];
  const server = createServer((request, response) => {
    responses.push(response);
    listener(request, response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await work(`http://127.0.0.1:${server.address().port}`, responses);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

test("method, address, headers and body arrive, and so does the answer", async () => {
  const handler = async (request) => {
    const { method, url } = request;
    const seen = [method, new URL(url).pathname, request.headers.get("x-a"), await request.text()];
    return Response.json(seen, { status: 201, headers: { "x-b": "2" } });
  };
  await withServer(handler, async (url) => {
    const answer = await fetch(`${url}/p?q`, { method: "POST", headers: { "x-a": "1" }, body: "hé" });
    assert.deepEqual([answer.status, answer.headers.get("x-b")], [201, "2"]);
    assert.deepEqual(await answer.json(), ["POST", "/p", "1", "hé"]);
    assert.equal((await fetch(url, { method: "HEAD" })).status, 201);
  });
});

test("a long body is not read to its end", async () => {
  let asked = 0;
  const handler = async () => {
    asked += 1;
    return new Response("");
  };
  await withServer(handler, async (url) => {
    const { status } = await fetch(url, { method: "POST", body: "x".repeat(70_000) });
    assert.deepEqual([status, asked], [500, 0]);
  });
});

/** A body without end; resolves when it is cancelled. */
function endless() {
  const body = {};
  body.cancelled = new Promise((resolve) => {
    body.stream = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
      cancel: resolve,
    });
  });
  return body;
}

test("a stream ends when its client leaves, amid it or before it began", async () => {
  for (const isBefore of [false, true]) {
    const body = endless();
    let release;
    const gate = new Promise((resolve) => {
      release = resolve;
    });
    const handler = async () => {
      if (isBefore) await gate;
      return new Response(body.stream);
    };
    await withServer(handler, async (url, responses) => {
      const client = new AbortController();
      const answer = fetch(url, { signal: client.signal });
      if (!isBefore) await (await answer).body.getReader().read();
      await until(() => responses.length === 1, 5000, "the request");
      client.abort();
      await answer.catch(() => {});
      if (!responses[0].closed) await once(responses[0], "close");
      release();
      await body.cancelled;
    });
  }
});

test("a handler that fails is 500; a body that fails is no whole answer", async () => {
  let pulls = 0;
  const pull = (controller) => {
    pulls += 1;
    if (pulls > 1) throw new Error("no");
    controller.enqueue(new Uint8Array(8));
  };
  const handler = async ({ url }) => {
    if (url.endsWith("/body")) return new Response(new ReadableStream({ pull }));
    throw new Error("no");
  };
  await withServer(handler, async (url) => {
    const answer = await fetch(url);
    assert.deepEqual([answer.status, await answer.text()], [500, ""]);
    await assert.rejects(async () => (await fetch(`${url}/body`)).text());
  });
});

test("a client that reads nothing does not stay when the body fails", async () => {
  let fail;
  const body = new ReadableStream({
    start: (controller) => {
      fail = () => controller.error(new Error("nobody reads"));
    },
    pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
  });
  await withServer(
    async () => new Response(body),
    async (url, responses) => {
      const client = connect(new URL(url).port, "127.0.0.1");
      client.on("error", () => {});
      client.pause();
      client.write("GET / HTTP/1.1\r\nhost: h\r\n\r\n");
      await until(() => responses[0]?.writableNeedDrain === true, 5000, "a full socket");
      fail();
      await until(() => responses[0].destroyed, 5000, "the end of the connection");
      client.destroy();
    },
  );
});

test("the host of a request is what its header says, whatever its target looks like", async () => {
  const handler = async (request) => new Response(request.url);
  await withServer(handler, async (url) => {
    const { host } = new URL(url);
    const urlOf = async (target) => {
      const client = connect(new URL(url).port, "127.0.0.1");
      client.write(`GET ${target} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
      return (await text(client)).split("\r\n\r\n")[1].match(/http\S+/)[0];
    };
    assert.equal(await urlOf("/tide/?a=b"), `${url}/tide/?a=b`);
    assert.equal(await urlOf("//evil.example/tide/login"), `${url}//evil.example/tide/login`);
    assert.equal(await urlOf("http://evil.example/tide/login?a"), `${url}/tide/login?a`);
    assert.equal(await urlOf("http://evil.example"), `${url}/`);
  });
});
