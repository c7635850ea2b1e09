// A sink that fails, hangs or is not there changes nothing but timing, and no request waits for it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { brokenLaws } from "../../tools/laws.mjs";
import { freePort } from "../../tools/receiver.mjs";
import { onStage, options } from "./_stage.mjs";

test("three times 500: everything arrives, nothing twice", async () => {
  await onStage({ fail: 3 }, async ({ send, receiver, everythingArrives }) => {
    assert.equal(await send(`/a?events=${options.batchMax}`), 200);
    await everythingArrives();
    assert.equal(receiver.stats.failed, 3);
    assert.equal(receiver.store.duplicates, 0);
  });
});

test("one hang beyond the deadline: everything arrives, repeated under the same id", async () => {
  await onStage({ hang: 1 }, async ({ send, receiver, everythingArrives }) => {
    assert.equal(await send(`/a?events=${options.batchMax}`), 200);
    await everythingArrives();
    assert.equal(receiver.stats.hung, 1);
    assert.equal(receiver.store.duplicates, 1);
  });
});

test("responses come while the sink leaves every post unanswered", async () => {
  // Longer than `send` waits: a response that waited for the sink would fail the test.
  const patient = { flushDeadlineMs: 60_000, leaseMs: 61_000 };
  await onStage({ hang: 1000, options: patient }, async ({ send, debug, receiver }) => {
    assert.equal(await send(`/a?events=${2 * options.batchMax}`), 200);
    await receiver.posted(1);
    for (let count = 0; count < 50; count += 1) assert.equal(await send("/b"), 200);
    // All 51 are answered, and the one post is still open.
    const { posts, answered, abandoned } = receiver.stats;
    assert.deepEqual({ posts, answered, abandoned }, { posts: 1, answered: 0, abandoned: 0 });
    const { counters } = await debug();
    assert.deepEqual(brokenLaws(counters), []);
    assert.equal(counters.sinks[0].delivered, 0);
  });
});

test("a sink that is not there never fails a request", async () => {
  const sinkUrl = `http://127.0.0.1:${await freePort()}/`;
  await onStage({ sinkUrl }, async ({ send, debug }) => {
    for (let count = 0; count < 100; count += 1) assert.equal(await send("/a"), 200);
    const { counters } = await debug();
    assert.deepEqual(brokenLaws(counters), []);
    const [sink] = counters.sinks;
    assert.equal(sink.accepted, 100);
    assert.equal(sink.delivered, 0);
    assert.equal(sink.queued + sink.inFlight, 100, "all of it waits");
  });
});

test("a large batch comes compressed, from workerd too", async () => {
  await onStage({}, async ({ send, receiver, everythingArrives }) => {
    assert.equal(await send(`/a?events=${options.batchMax}`), 200);
    await everythingArrives();
    assert.ok(receiver.stats.gzipped >= 1);
  });
});
