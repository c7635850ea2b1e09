// What pushes do to the hub, in real workerd with its storage on disk.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { makeRng } from "../../pkg/dist/inline-sampling.js";
import { brokenLaws } from "../../tools/laws.mjs";
import { until } from "../../tools/receiver.mjs";
import { TOKEN, withHub } from "./_hub.mjs";
import { makeIsolate } from "./_isolate.mjs";

const random = makeRng({ seed: 5 });

/** Durations as services have them: most short, a few very long. */
const duration = () => 5 * Math.exp(2 * (random() + random() + random() - 1.5)) * (random() < 0.01 ? 50 : 1);

function exact(durations, q) {
  const sorted = durations.toSorted((a, b) => a - b);
  return sorted[Math.ceil(q * sorted.length) - 1];
}

function shuffled(items) {
  const order = items.map((item) => [random(), item]).sort(([a], [b]) => a - b);
  return order.map(([, item]) => item);
}

/** Pushes of several isolates: one after the other, of each the pushes in order. */
function traffic({ isolates, rounds, perRound }) {
  const durations = [];
  const made = Array.from({ length: isolates }, (_, n) => makeIsolate(n + 1, { version: `1.${n % 3}.0` }));
  const pushes = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const isolate of made) {
      for (let n = 0; n < perRound; n += 1) {
        const ms = duration();
        durations.push(ms);
        isolate.req(`/route/${n % 5}`, Date.now(), ms, n % 10 === 0);
      }
      if (round % 4 === 0)
        isolate.exception("TypeError", Date.now(), { message: `round ${round}`, handled: false });
      pushes.push(isolate.cut(Date.now()));
    }
  }
  return { durations, pushes };
}

const near = (actual, wanted, what) =>
  assert.ok(Math.abs(actual / wanted - 1) <= 0.01, `${what}: ${actual}, exactly ${wanted}`);

for (const shards of [1, 4]) {
  test(`replayed, reordered, evicted and restarted, over ${shards} shards: the sum is exact`, async () => {
    await withHub({ shards }, async (hub) => {
      const { durations, pushes } = traffic({ isolates: 8, rounds: 30, perRound: 10 });
      const sent = pushes.flatMap((push) => (random() < 0.3 ? [push, push] : [push]));
      // Within the 64 that the hub tells apart.
      const blocks = Array.from({ length: 6 }, (_, n) =>
        sent.slice((n * sent.length) / 6, ((n + 1) * sent.length) / 6),
      );
      for (const [number, block] of blocks.entries()) {
        const statuses = await Promise.all(shuffled(block).map((push) => hub.push(push)));
        assert.deepEqual([...new Set(statuses)], [200]);
        for (let shard = 0; shard < shards; shard += 1) {
          if (number % 3 === 0) await hub.evict(shard);
          if (number % 3 === 2) await hub.alarm(shard);
        }
        if (number % 3 === 1) await hub.restart();
      }
      const all = durations.length;
      const { stats, timeline, day, versions, counters, metrics, exceptions, isolates, staleMs } =
        await hub.view();
      assert.equal(stats.count, all);
      assert.equal(stats.errors, all / 10);
      assert.deepEqual(
        stats.series.map(({ count }) => count),
        new Array(5).fill(all / 5),
      );
      for (const q of [0.5, 0.9, 0.95, 0.99, 0.999]) {
        near(stats[`p${String(q).slice(2).padEnd(2, "0")}Ms`], exact(durations, q), `p${q}`);
      }
      const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
      assert.deepEqual(
        [sum(timeline.count), sum(day.count), sum(versions.map(({ count }) => count))],
        [all, all, all],
      );
      assert.equal(versions.length, 3);
      assert.equal(counters.accepted, all);
      assert.deepEqual(brokenLaws({ ...counters, refusedBy: undefined }), []);
      assert.equal(metrics.find(({ name }) => name === "orders").value, all);
      assert.ok(exceptions.length === 50 && exceptions.every(({ type }) => type === "TypeError"));
      assert.deepEqual([isolates.live, isolates.late], [8, 0]);
      assert.ok(staleMs < 15_000);
    });
  });
}

test("the storage stays within its bound, whatever is pushed", async () => {
  await withHub({}, async (hub) => {
    const [large, small] = [makeIsolate(1), makeIsolate(2)];
    const filler = "x".repeat(1_750_000);
    let pushed = 0;
    const push = async (isolate) => {
      isolate.req("/", Date.now(), 5);
      assert.equal(await hub.push(isolate.cut(Date.now())), 200);
      pushed += 1;
    };
    // The largest that are taken; a checkpoint comes with every five of them. In each round they lie in other rows of the journal, which
    // the rounds after it do not write over.
    for (let round = 0; round < 8; round += 1) {
      for (let n = 0; n < 70 - round * 10; n += 1) await push(small);
      for (let n = 0; n < 10; n += 1) {
        large.exception("Big", Date.now(), { message: filler });
        await push(large);
      }
    }
    const isBounded = async () => {
      const { bytes, rows } = await hub.size();
      assert.ok(rows.journal <= 512, `${rows.journal} rows`);
      assert.ok(bytes <= 16 * 1024 * 1024, `${bytes} bytes`);
    };
    await isBounded();
    for (let n = 0; n < 600; n += 1) await push(small);
    await isBounded();
    assert.equal((await hub.view()).stats.count, pushed);
  });
});

test("what is no push changes nothing and says so", async () => {
  await withHub({}, async (hub) => {
    const isolate = makeIsolate(1);
    isolate.req("/", Date.now(), 5);
    const good = isolate.cut(Date.now());
    const { bytes, batchId } = good;
    const cuts = Array.from({ length: 40 }, (_, n) => bytes.subarray(0, Math.floor((n * bytes.length) / 40)));
    const flips = Array.from({ length: 40 }, () => {
      const damaged = Buffer.from(bytes);
      // In the statistics, whose checksum tells.
      damaged[bytes.length - 1 - Math.floor(random() * 100)] ^= 1 << Math.floor(random() * 8);
      return damaged;
    });
    for (const damaged of [...cuts, ...flips, Buffer.from("no push at all"), Buffer.alloc(1000)]) {
      assert.equal(await hub.push({ batchId, bytes: damaged }), 400);
    }
    assert.equal(await hub.push({ batchId: "0000000000000000-0-1", bytes }), 400, "the id of another");
    assert.equal(await hub.push({ batchId: "x", bytes }), 400, "no id");
    assert.equal(await hub.push({ batchId, bytes: Buffer.alloc(1.75 * 1024 * 1024 + 1) }), 413);
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    assert.equal(await hub.push({ batchId, bytes: bomb }, { "content-encoding": "gzip" }), 413);
    assert.equal(await hub.push({ batchId, bytes }, { "content-encoding": "gzip" }), 400, "it is no gzip");
    assert.equal(await hub.push(good, { authorization: "Bearer wrong" }), 401);
    const { stats, counters } = await hub.view();
    assert.deepEqual([stats.count, counters.accepted], [0, 0]);
    assert.equal(await hub.push({ batchId, bytes: gzipSync(bytes) }, { "content-encoding": "gzip" }), 200);
    assert.equal(await hub.push(good), 200);
    assert.equal((await hub.view()).stats.count, 1);
    await hub.alarm();
    await until(() => hub.worker.log.includes("pushes not counted so far"), 10_000, "the report");
    assert.ok(!hub.worker.log.includes(TOKEN));
  });
});

test("late pushes and clocks that are ahead are refused, counted and never counted twice", async () => {
  const HOUR = 3_600_000;
  await withHub({}, async (hub) => {
    await hub.clock(24 * HOUR);
    const nowMs = Date.now() + 24 * HOUR;
    const isolate = makeIsolate(1);
    isolate.req("/", nowMs, 5);
    const first = isolate.cut(nowMs);
    assert.equal(await hub.push(first), 200);
    isolate.req("/", nowMs + 90_000, 5);
    const ahead = isolate.cut(nowMs + 90_000);
    assert.equal(await hub.push(ahead), 422);
    await hub.clock(25.1 * HOUR);
    await hub.alarm();
    assert.equal(await hub.push(first), 410, "its isolate is forgotten, so nobody knows");
    isolate.req("/", nowMs + 1.1 * HOUR, 5);
    assert.equal(await hub.push(isolate.cut(nowMs + 1.1 * HOUR)), 200);
    assert.equal(await hub.push(first), 410);
    const { stats, counters, isolates, day } = await hub.view();
    assert.equal(stats.count, 1);
    assert.equal(isolates.late, 2);
    assert.equal(counters.accepted, 1 + 3, "the counters of both lives of the isolate");
    assert.deepEqual(
      day.count.filter((count) => count > 0),
      [1, 1],
      "the first hour is still in the day",
    );
    await hub.restart();
    await hub.clock(25.1 * HOUR);
    assert.deepEqual(
      (await hub.view()).day.count.filter((count) => count > 0),
      [1, 1],
    );
  });
});

for (const shards of [1, 3]) {
  test(`an idle hub of ${shards} shards sleeps: at last no alarm is set`, async () => {
    const HOUR = 3_600_000;
    await withHub({ shards, alarms: [{ kind: "silence" }] }, async (hub) => {
      let skewMs = 48 * HOUR;
      const nowMs = () => Date.now() + skewMs;
      await hub.clock(skewMs);
      for (let n = 1; n <= 3; n += 1) {
        const isolate = makeIsolate(0x1111_0001 * n);
        isolate.req("/", nowMs(), 5);
        assert.equal(await hub.push(isolate.cut(nowMs())), 200);
      }
      const numbers = Array.from({ length: shards }, (_, shard) => shard);
      /** The one that is due first. */
      const next = async () => {
        const due = await Promise.all(
          numbers.map(async (shard) => ({ shard, ms: (await hub.size(shard)).alarmMs })),
        );
        return due.filter(({ ms }) => ms !== null).sort((a, b) => a.ms - b.ms)[0];
      };
      assert.ok((await next()).ms - nowMs() <= 75_000, "the next minute");
      let alarms = 0;
      for (let due = await next(); due !== undefined && alarms < 300; due = await next()) {
        skewMs = Math.max(skewMs, due.ms - Date.now() + 1000);
        await hub.clock(skewMs);
        await hub.alarm(due.shard);
        alarms += 1;
      }
      assert.equal(await next(), undefined);
      assert.equal((await hub.view()).alarms[0].active, true);
      console.log(`after the last push it was awake ${alarms} times, then never`);
      assert.ok(alarms <= 20 * shards + 20, `${alarms} alarms`);
    });
  });
}
