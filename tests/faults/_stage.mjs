// What the fault tests share: a Worker in bare workerd, a receiver, and the question whether everything arrived.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { brokenLaws, isDrained } from "../../tools/laws.mjs";
import { startReceiver, until } from "../../tools/receiver.mjs";
import { startWorkerd } from "../../tools/workerd.mjs";

const fixture = fileURLToPath(new URL("fixtures/worker.js", import.meta.url));

export const options = {
  flushIntervalMs: 300,
  batchMax: 50,
  flushDeadlineMs: 1000,
  leaseMs: 1500,
  retryBaseMs: 50,
};

/** Runs `play` with a fresh Worker and receiver; both are gone afterwards. */
export async function onStage({ sinkUrl, options: more = {}, ...how }, play) {
  const receiver = await startReceiver(how);
  const bindings = { SINK_URL: sinkUrl ?? receiver.url, OPTIONS: { ...options, ...more } };
  let worker;
  try {
    worker = await startWorkerd(fixture, { bindings });
    await play(stage(worker, receiver));
  } finally {
    await worker?.stop();
    await receiver.stop();
  }
}

function stage(worker, receiver) {
  const send = async (path, init) => {
    const response = await fetch(worker.url + path, { signal: AbortSignal.timeout(10_000), ...init });
    await response.arrayBuffer();
    return response.status;
  };
  const debug = async () => (await fetch(`${worker.url}/__tide`)).json();
  return {
    worker,
    receiver,
    debug,
    send,
    /** A request whose owner forgets it `holdMs` after it asked to be kept alive. */
    sendDoomed: (path, holdMs) => send(path, { headers: { "x-drop-after-ms": String(holdMs) } }),
    /** Sends further, healthy requests until nothing waits; then every accepted event must have arrived, once. */
    everythingArrives: () => everythingArrives({ send, debug, receiver }),
  };
}

async function everythingArrives({ send, debug, receiver }) {
  let counters;
  let nextPing = 0;
  const drained = async () => {
    if (Date.now() >= nextPing) {
      nextPing = Date.now() + 2000;
      assert.equal(await send("/ping"), 200);
    }
    ({ counters } = await debug());
    assert.deepEqual(brokenLaws(counters), []);
    return isDrained(counters);
  };
  await until(drained, 30_000, "an empty queue").catch((error) => {
    throw new Error(`${error.message}: ${JSON.stringify(counters)}`);
  });
  const { store } = receiver;
  const [sink] = counters.sinks;
  const lost = Object.values(sink.dropped).reduce((sum, count) => sum + count, 0);
  assert.equal(lost, 0, `dropped: ${JSON.stringify(sink.dropped)}`);
  assert.equal(store.events.length, counters.accepted, "every accepted event is received");
  assert.equal(sink.delivered, counters.accepted);
  assert.equal(store.repeatedEvents(), 0, "no event comes under two ids");
  assert.equal(store.changedRepeats, 0, "a repeated id brings the same events");
  assert.equal(store.unkeyed, 0, "every batch has its id");
  return { counters, sink };
}
