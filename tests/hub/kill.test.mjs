// The hub's process is killed at random moments while isolates push: what it acknowledged is there once, what it did not is
// pushed again and counts once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../../pkg/dist/inline-sampling.js";
import { withHub } from "./_hub.mjs";
import { makeIsolate } from "./_isolate.mjs";

const KILLS = 50;
const ISOLATES = 6;
const SEED = Number(process.env.TIDEGATE_SEED ?? 20);

const sum = (numbers) => numbers.reduce((all, number) => all + number, 0);

/** Pushes again and again, each batch until it is acknowledged. */
function pusher(isolate, hub, random, books) {
  let waiting;
  const push = async () => {
    if (waiting === undefined) {
      const requests = 1 + Math.floor(random() * 20);
      for (let n = 0; n < requests; n += 1) isolate.req("/", Date.now(), 1 + random() * 99, random() < 0.1);
      waiting = isolate.cut(Date.now());
      books.cut += waiting.requests;
    }
    const status = await hub.push(waiting);
    if (status === 0) books.broken += 1;
    // A reply may come although another attempt was counted: 200 means that it is there.
    if (status !== 200) return false;
    books.acknowledged += waiting.requests;
    // Some are sent once more, whatever was answered.
    if (random() < 0.1) await hub.push(waiting);
    waiting = undefined;
    // A checkpoint now and then: most kills find pushes in the journal, some find one being written.
    if (random() < 0.02) await hub.alarm().catch(() => {});
    return true;
  };
  return { push, isWaiting: () => waiting !== undefined };
}

test(`${KILLS} times SIGKILL: nothing twice, nothing acknowledged lost`, async () => {
  const random = makeRng({ seed: SEED });
  const books = { cut: 0, acknowledged: 0, broken: 0 };
  await withHub({}, async (hub) => {
    const pushers = Array.from({ length: ISOLATES }, (_, n) =>
      pusher(makeIsolate(n + 1), hub, random, books),
    );
    for (let round = 0; round < KILLS; round += 1) {
      let isOver = false;
      const running = pushers.map(async ({ push }) => {
        while (!isOver) await push();
      });
      // The moment is drawn in pushes and in microseconds, so that it lies anywhere in one.
      const until = books.acknowledged + 1 + random() * 600;
      while (books.acknowledged < until) await new Promise((resolve) => setImmediate(resolve));
      const spinUntil = performance.now() + random() * 3;
      while (performance.now() < spinUntil);
      isOver = true;
      const { cut, acknowledged } = books;
      await hub.kill();
      await Promise.all(running);
      await hub.restart();
      const { stats } = await hub.view();
      const known = `after kill ${round}: ${stats.count} of ${acknowledged} acknowledged, ${cut} cut, seed ${SEED}`;
      assert.ok(stats.count >= acknowledged && stats.count <= books.cut, known);
    }
    for (const { push, isWaiting } of pushers) while (isWaiting()) await push();
    const { stats, counters, metrics, isolates } = await hub.view();
    assert.equal(stats.count, books.cut);
    assert.equal(stats.count, books.acknowledged);
    assert.equal(counters.accepted, books.cut);
    assert.equal(metrics.find(({ name }) => name === "orders").value, books.cut);
    assert.equal(isolates.late, 0);
    assert.ok(books.broken >= KILLS / 2, `only ${books.broken} pushes were under way at a kill`);
    assert.equal(sum(stats.sparkline.slots), books.cut);
    console.log(`${KILLS} kills, ${books.broken} pushes broken, ${stats.count} requests counted once`);
  });
});
