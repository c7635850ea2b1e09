// The request that owns a leader, a timer or a fetch ends, and workerd drops all of it on the floor.
// Whatever that request left behind, the next one must find and deliver.
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../tools/receiver.mjs";
import { onStage, options } from "./_stage.mjs";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test("the leader's owner dies at once", async () => {
  await onStage({}, async ({ sendDoomed, debug, receiver, everythingArrives }) => {
    await sendDoomed("/doomed", 0);
    await pause(3 * options.flushIntervalMs);
    assert.equal((await debug()).orphans, 1, "the doomed request led");
    assert.equal(receiver.stats.posts, 0, "and what it led died with it");
    const { counters } = await everythingArrives();
    assert.ok(counters.accepted >= 2);
    assert.equal(receiver.store.duplicates, 0);
  });
});

test("the owner dies while its timer runs", async () => {
  await onStage({}, async ({ sendDoomed, debug, receiver, everythingArrives }) => {
    await sendDoomed("/doomed", options.flushIntervalMs / 3);
    await pause(3 * options.flushIntervalMs);
    assert.equal((await debug()).orphans, 1);
    assert.equal(receiver.stats.posts, 0, "the timer never fired");
    await everythingArrives();
    assert.equal(receiver.store.duplicates, 0);
  });
});

test("the owner dies in mid-fetch", async () => {
  await onStage({ delayMs: 5000 }, async ({ sendDoomed, debug, receiver, everythingArrives }) => {
    const doomed = sendDoomed(`/doomed?events=${options.batchMax}`, 400);
    await receiver.posted(1);
    await doomed;
    await until(() => receiver.stats.abandoned === 1, 10_000, "the fetch to die");
    assert.equal((await debug()).orphans, 1);
    receiver.behave({ delayMs: 0 });
    const { sink } = await everythingArrives();
    assert.ok(sink.leasesExpired >= 1, "its lease ran out");
    assert.equal(receiver.store.duplicates, 1, "the batch came again under its own id");
  });
});

test("the client goes away while the sink is slow", async () => {
  await onStage({ delayMs: 600 }, async ({ worker, send, receiver, everythingArrives }) => {
    const client = new AbortController();
    const response = await fetch(`${worker.url}/stream?events=${options.batchMax}`, {
      signal: client.signal,
    });
    await response.body.getReader().read();
    client.abort();
    await send("/after");
    receiver.behave({ delayMs: 0 });
    await everythingArrives();
  });
});

test("a client that goes away and an owner that forgets, together", async () => {
  await onStage({ delayMs: 600 }, async ({ worker, receiver, everythingArrives }) => {
    const client = new AbortController();
    const headers = { "x-drop-after-ms": "200" };
    const path = `${worker.url}/stream?events=${options.batchMax}`;
    const response = await fetch(path, { signal: client.signal, headers });
    await response.body.getReader().read();
    client.abort();
    await pause(500);
    receiver.behave({ delayMs: 0 });
    await everythingArrives();
  });
});

test("many owners die amid traffic", async () => {
  await onStage({ delayMs: 80 }, async ({ send, sendDoomed, debug, receiver, everythingArrives }) => {
    const holds = [0, 30, 120, 350];
    for (let round = 0; round < 8; round += 1) {
      const requests = Array.from({ length: 40 }, (_, index) =>
        // The first of a round is doomed, so that it is a leader that dies whenever there is none.
        index % 10 === 0
          ? sendDoomed("/doomed?events=5", holds[(round + index / 10) % 4])
          : send("/well?events=2"),
      );
      await Promise.all(requests);
      await pause(round % 2 === 0 ? 50 : 2 * options.flushIntervalMs);
    }
    assert.ok((await debug()).orphans >= 2, "several leaders died");
    const { counters } = await everythingArrives();
    // 320 requests, of which 32 doomed ones with 5 events and 288 with 2, and at least one ping.
    assert.ok(counters.accepted >= 320 + 32 * 5 + 288 * 2 + 1);
    assert.equal(counters.emitted, counters.accepted + counters.excluded);
    assert.ok(receiver.stats.posts > 0);
  });
});
