// Where nobody passes the environment, it is that of workerd's own module; where there is none, one line says what to pass.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startReceiver, until } from "../../tools/receiver.mjs";
import { startWorkerd } from "../../tools/workerd.mjs";

const fixture = fileURLToPath(new URL("fixtures/env.js", import.meta.url));
const REQUESTS = 3;

async function play(flags, then) {
  const receiver = await startReceiver();
  const worker = await startWorkerd(fixture, { bindings: { SINK_URL: receiver.url }, flags });
  try {
    for (let at = 0; at < REQUESTS; at += 1) {
      assert.equal(await (await fetch(`${worker.url}/items/${at}`)).text(), "hi");
    }
    await then(worker, receiver.store.events);
  } finally {
    await worker.stop();
    await receiver.stop();
  }
}

test("with nodejs_compat the options get the environment, and the events arrive", () =>
  play(["nodejs_compat"], async (worker, events) => {
    await until(() => events.length === REQUESTS, 10_000, `the events\n${worker.log}`);
    assert.deepEqual(new Set(events.map(({ route }) => route)), new Set(["/items/:id"]));
    assert.doesNotMatch(worker.log, /tidegate/);
  }));

test("without flags nothing is recorded, which is said once, with what to pass", () =>
  play([], async (worker, events) => {
    const counters = await (await fetch(`${worker.url}/__tide`)).json();
    assert.equal(counters.refused, REQUESTS);
    assert.deepEqual(events, []);
    await until(() => /tidegate/.test(worker.log), 10_000, "the line");
    assert.equal(worker.log.match(/tidegate: no env was found/g)?.length, 1, worker.log);
    assert.match(worker.log, /\{ env \}/);
  }));
