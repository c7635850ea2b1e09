// A Durable Object with an open WebSocket hibernates and wakes with tidegate as without: its constructor runs again.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { brokenLaws, isDrained } from "../../tools/laws.mjs";
import { startReceiver, until } from "../../tools/receiver.mjs";
import { startWorkerd } from "../../tools/workerd.mjs";

const fixture = fileURLToPath(new URL("fixtures/worker.js", import.meta.url));

/** workerd evicts an idle object after ten seconds. */
const EVICTED_MS = 14_000;
const STILL_THERE_MS = 4000;

async function open(url) {
  const socket = new WebSocket(url.replace("http", "ws"));
  await once(socket, "open");
  /** How often the object had been constructed when it answered. */
  const ask = async (text) => {
    socket.send(text);
    const [{ data }] = await once(socket, "message");
    assert.equal(data.split(" ")[0], text);
    return Number(data.split(" ")[1]);
  };
  return { ask, close: () => socket.close(1000) };
}

test("it hibernates and wakes, and every event of it arrives", async () => {
  const receiver = await startReceiver();
  const worker = await startWorkerd(fixture, {
    bindings: { SINK_URL: receiver.url, LABEL: "label" },
    objects: { PLAIN: "PlainRoom", MEASURED: "MeasuredRoom" },
  });
  try {
    const sockets = await Promise.all(
      ["plain", "measured"].map((kind) => open(`${worker.url}/socket/${kind}`)),
    );
    const ask = (text) => Promise.all(sockets.map((socket) => socket.ask(text)));
    assert.deepEqual(await ask("first"), [1, 1]);
    await sleep(STILL_THERE_MS);
    assert.deepEqual(await ask("awake"), [1, 1], "the control: not evicted yet");
    await sleep(EVICTED_MS);
    assert.deepEqual(await ask("woken"), [2, 2], "both were evicted and constructed anew");
    await sleep(EVICTED_MS);
    assert.deepEqual(await ask("again"), [3, 3]);
    for (const socket of sockets) socket.close();
    const closed = () => receiver.store.events.filter(({ fn }) => fn === "ws:close").length === 1;
    await until(closed, 10_000, "the close, which is sent at once");
    const { counters } = await (await fetch(`${worker.url}/__tide`)).json();
    assert.deepEqual(brokenLaws(counters), []);
    assert.ok(isDrained(counters));
    const { events } = receiver.store;
    assert.equal(events.length, counters.accepted);
    assert.equal(events.filter(({ fn }) => fn === "ws:message").length, 4);
    console.log("hibernation: constructed 1 → 2 → 3 times, plain and measured alike");
  } finally {
    await worker.stop();
    await receiver.stop();
  }
});
