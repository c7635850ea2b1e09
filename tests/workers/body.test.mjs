// `untilBodyEnds` in real workerd: what the client gets is the same, and its leaving is seen.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
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

test("a client that leaves is told as an error, and so is a body that breaks", () =>
  onStage(async ({ url, event }) => {
    const leaving = new AbortController();
    const { body } = await fetch(`${url}/long`, { signal: leaving.signal });
    await body.getReader().read();
    leaving.abort();
    assert.equal((await event("/long")).error, "client_disconnected");
    await look(`${url}/broken`);
    assert.equal((await event("/broken")).error, "RangeError");
  }));
