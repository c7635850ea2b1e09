// `untilBodyEnds` in real workerd: what the client gets is the same, and its leaving is seen.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, get } from "node:http";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { brokenLaws } from "../../tools/laws.mjs";
import { startReceiver, until } from "../../tools/receiver.mjs";
import { startWorkerd } from "../../tools/workerd.mjs";

const fixture = fileURLToPath(new URL("fixtures/stream.js", import.meta.url));

async function onStage(play) {
  const receiver = await startReceiver();
  const worker = await startWorkerd(fixture, { bindings: { SINK_URL: receiver.url } });
  /** The event of `route`, once it is there. */
  const event = async (route) => {
    const found = () => receiver.store.events.find((event) => event.route === route);
    // Another request may have to lead.
    const arrived = async () => {
      await fetch(`${worker.url}/text`).then((response) => response.text());
      return found() !== undefined;
    };
    await until(arrived, 15_000, `the event of ${route}`);
    return found();
  };
  try {
    await play({ url: worker.url, event });
    const { counters } = await (await fetch(`${worker.url}/__tide`)).json();
    assert.deepEqual(brokenLaws(counters), []);
    assert.equal(counters.pending, 0);
  } finally {
    await worker.stop();
    await receiver.stop();
  }
}

async function look(url, method) {
  const response = await fetch(url, { method });
  const headers = [...response.headers].filter(
    ([name]) => !["content-length", "transfer-encoding"].includes(name),
  );
  return { status: response.status, headers, body: await response.text().catch((error) => error.name) };
}

test("status, headers and bytes are those of the bare handler", () =>
  onStage(async ({ url, event }) => {
    for (const path of ["/slow", "/text", "/empty", "/not-modified", "/encoded"]) {
      for (const method of ["GET", "HEAD"]) {
        assert.deepEqual(
          await look(url + path, method),
          await look(`${url}/bare${path}`, method),
          `${method} ${path}`,
        );
      }
    }
    const { dur_ms, status, error } = await event("/slow");
    assert.ok(dur_ms >= 250, `its body took 300 ms, it says ${dur_ms}`);
    assert.deepEqual([status, error], [206, undefined]);
    assert.equal((await event("/empty")).status, 204);
    assert.equal((await event("/encoded")).status, 200);
  }));

test("the first bytes come before the last are made", () =>
  onStage(async ({ url }) => {
    const { body } = await fetch(`${url}/long`);
    const reader = body.getReader();
    assert.equal(new TextDecoder().decode((await reader.read()).value), "1\n");
    await reader.cancel();
  }));

test("a client that leaves is an attribute and no error, a body that breaks is an error", () =>
  onStage(async ({ url, event }) => {
    const leaving = new AbortController();
    const { body } = await fetch(`${url}/long`, { signal: leaving.signal });
    await body.getReader().read();
    leaving.abort();
    const left = await event("/long");
    assert.deepEqual(
      [left.status, left.error, left.attributes],
      [200, undefined, { client_disconnected: true }],
    );
    await look(`${url}/broken`);
    const { status, error, attributes } = await event("/broken");
    assert.deepEqual([status, error, attributes], [200, "RangeError", undefined]);
  }));

const HANGS_MS = 5000;

/** The boundary of a form is random. */
const textOf = (chunks) =>
  Buffer.concat(chunks)
    .toString("latin1")
    .replace(/--[0-9a-f]{32}/g, "--boundary");

/** All that a client sees: status, headers with the length, bytes, and whether they were all. */
function receive(url) {
  return new Promise((resolve) => {
    const chunks = [];
    let head = {};
    const request = get(url, { agent: false });
    const end = (how) => {
      clearTimeout(timer);
      resolve({ ...head, body: textOf(chunks), how });
    };
    const timer = setTimeout(() => {
      request.destroy();
      end("hangs");
    }, HANGS_MS);
    request.on("error", () => end("broken"));
    request.on("response", (response) => {
      const { date: _date, ...headers } = response.headers;
      head = { status: response.statusCode, headers };
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", () => {});
      response.on("close", () => end(response.complete ? "complete" : "broken"));
    });
  });
}

async function startUpstream() {
  const server = createServer(({ url }, response) => {
    if (url === "/length") response.setHeader("content-length", "6");
    if (url === "/chunked") response.write("some ");
    if (url === "/gzip") {
      response.setHeader("content-encoding", "gzip");
      response.end(gzipSync("zipped"));
    } else if (url === "/broken") {
      response.setHeader("content-length", "100");
      response.write("some", () => response.destroy());
    } else response.end("length");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

test("whatever the body is, the client gets what it would get bare", async () => {
  const upstream = await startUpstream();
  const receiver = await startReceiver();
  const bindings = { SINK_URL: receiver.url, UP: `http://127.0.0.1:${upstream.address().port}` };
  const worker = await startWorkerd(fileURLToPath(new URL("fixtures/bodies.js", import.meta.url)), {
    bindings,
  });
  try {
    const names = await (await fetch(`${worker.url}/__bodies`)).json();
    const differing = [];
    for (const name of names) {
      const [bare, measured] = await Promise.all(
        ["bare", "measured"].map((way) => receive(`${worker.url}/${way}?body=${encodeURIComponent(name)}`)),
      );
      // How much arrives before a break is a matter of time.
      const [wanted, got] = bare.how === "broken" ? [bare.how, measured.how] : [bare, measured];
      if (JSON.stringify(got) !== JSON.stringify(wanted)) differing.push({ name, bare, measured });
    }
    assert.deepEqual(differing, []);
    const arrived = () => new Set(receiver.store.events.map(({ route }) => route));
    const all = async () => {
      await receive(`${worker.url}/measured?body=text`);
      return names.every((name) => arrived().has(name));
    };
    await until(all, 15_000, "an event of each body");
    const leftAlone = receiver.store.events.filter(
      ({ attributes }) => attributes?.["tidegate.duration"] === "headers",
    );
    assert.deepEqual(leftAlone.map(({ route }) => route).sort(), [
      "answer that is encoded",
      "cancelled",
      "half-read stream",
      "locked",
      "used stream",
      "used text",
    ]);
    const error = (name) => receiver.store.events.find(({ route }) => route === name)?.error;
    assert.equal(error("answer in chunks"), undefined);
    assert.ok(error("answer that breaks"));
    assert.ok(error("rewriter that fails"));
  } finally {
    await worker.stop();
    await receiver.stop();
    upstream.close();
  }
});
