// A sink that fails, hangs or is not there changes nothing but timing, and no request waits for it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { freePort, until } from "../../scripts/_receiver.mjs";
import { brokenLaws } from "../../scripts/_laws.mjs";
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
  const slow = { flushDeadlineMs: 20_000, leaseMs: 30_000 };
  await onStage({ hang: 1000, options: slow }, async ({ send, debug, receiver }) => {
    const order = [];
    const answered = send(`/a?events=${2 * options.batchMax}`).then(() => order.push("response"));
    await receiver.posted(1);
    const released = until(() => receiver.stats.abandoned > 0, 60_000, "").catch(() => {});
    released.then(() => order.push("sink"));
    await answered;
    for (let count = 0; count < 50; count += 1) assert.equal(await send("/b"), 200);
    // All 51 are answered, the sink has yet to say a word, and its post is still open.
    assert.deepEqual(order, ["response"]);
    assert.equal(receiver.stats.answered, 0);
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
