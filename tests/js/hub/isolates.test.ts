import assert from "node:assert/strict";
import { test } from "node:test";
import { AHEAD_MS, Isolates, KEPT_MS } from "../../../js/hub/figures/isolates.ts";
import type { Push } from "../../../js/hub/figures/push.ts";
import { addTally, countersOf, emptyTally, tallyOf } from "../../../js/hub/figures/tally.ts";
import { makeRng } from "../../../js/sampling.ts";
import "../_engine.ts";

const START = 1_767_225_600_000;

function push(isolate: number, seq: number, toMs: number, accepted = seq, queued = 0): Push {
  const sinks = [{ name: "hub", accepted, delivered: accepted - queued, queued, dropped: {} }];
  return {
    ...{ isolate: isolate.toString(16).padStart(16, "0"), seq, toMs },
    service: { name: "shop", version: "1" },
    tally: tallyOf({ emitted: accepted, accepted, sinks }),
    ...{ exceptions: [], measured: [], stats: new Uint8Array() },
  };
}

/** A hub that knows nothing but its isolates. */
function counting(most = 1000) {
  const isolates = new Isolates(most);
  const sum = emptyTally();
  const give = (given: Push, nowMs: number) => {
    const verdict = isolates.verdictOf(given, nowMs);
    if (verdict === "new") isolates.note(given, nowMs, sum);
    return verdict;
  };
  return { isolates, sum, give, accepted: () => countersOf(sum).accepted };
}

test("pushes in any order, many times each: every one counts once", () => {
  const random = makeRng({ seed: 20 });
  for (let round = 0; round < 200; round += 1) {
    const { give } = counting();
    const counted = new Map<number, number>();
    let highest = -1;
    for (let step = 0; step < 300; step += 1) {
      const seq = Math.max(0, highest + 3 - Math.floor(random() ** 3 * 70));
      const verdict = give(push(1, seq, START), START);
      if (verdict === "new") counted.set(seq, (counted.get(seq) ?? 0) + 1);
      const expected = counted.has(seq) && highest - seq <= 64 ? ["new", "seen"] : ["new", "late"];
      assert.ok(expected.includes(verdict), `${seq} of ${highest}: ${verdict}`);
      if (highest - seq > 64) assert.equal(verdict, "late");
      highest = Math.max(highest, seq);
    }
    assert.ok([...counted.values()].every((times) => times === 1));
  }
});

test("a step over the whole map forgets it, and refuses what is below", () => {
  const { give } = counting();
  assert.equal(give(push(1, 5, START), START), "new");
  assert.equal(give(push(1, 69, START), START), "new");
  assert.equal(give(push(1, 5, START), START), "seen");
  assert.equal(give(push(1, 1000, START), START), "new");
  for (const seq of [69, 5, 935]) assert.equal(give(push(1, seq, START), START), "late", String(seq));
  assert.equal(give(push(1, 936, START), START), "new");
});

test("after its isolate was forgotten a push is not counted again, however far its clock was ahead", () => {
  for (const skewMs of [-AHEAD_MS, 0, AHEAD_MS]) {
    const { isolates, sum, give, accepted } = counting();
    const [first, second] = [push(1, 1, START + skewMs), push(1, 2, START + skewMs)];
    assert.deepEqual([give(first, START), give(second, START)], ["new", "new"]);
    for (let nowMs = START; nowMs < START + KEPT_MS + 5 * AHEAD_MS; nowMs += 1000) {
      isolates.prune(nowMs, sum);
      assert.ok(["seen", "late"].includes(give(second, nowMs)));
    }
    assert.equal(isolates.size, 0);
    // The isolate comes back: what it said before is older than what is refused.
    const nowMs = START + KEPT_MS + 5 * AHEAD_MS;
    assert.equal(give(push(1, 3, nowMs), nowMs), "new");
    assert.deepEqual([give(first, nowMs), give(second, nowMs)], ["late", "late"]);
    assert.equal(accepted(), 2 + 3);
  }
});

test("counters follow the newest push, never fall when isolates go, and keep the laws", () => {
  const { isolates, sum, give, accepted } = counting();
  give(push(1, 1, START, 10, 4), START);
  give(push(1, 3, START, 30, 5), START);
  give(push(1, 2, START, 20, 1), START);
  give(push(2, 1, START + KEPT_MS, 7), START + KEPT_MS);
  assert.equal(accepted(), 37);
  isolates.prune(START + KEPT_MS + 1, sum);
  assert.equal(isolates.size, 1);
  const counters = countersOf(sum);
  assert.equal(counters.accepted, 37);
  const [sink] = counters.sinks;
  const dropped = Object.values(sink?.dropped ?? {}).reduce((all, count) => all + count, 0);
  assert.equal(
    sink?.accepted,
    (sink?.delivered ?? 0) + (sink?.queued ?? 0) + (sink?.inFlight ?? 0) + dropped,
  );
  assert.deepEqual([counters.sinks[0]?.queued, counters.sinks[0]?.dropped.closed], [0, 5]);
});

test("a clock too far ahead is refused, and so is an isolate too many", () => {
  const { give, isolates } = counting(2);
  assert.equal(give(push(1, 1, START + AHEAD_MS + 1), START), "ahead");
  assert.equal(give(push(1, 1, START + AHEAD_MS), START), "new");
  assert.equal(give(push(2, 1, START), START), "new");
  assert.equal(give(push(3, 1, START), START), "full");
  assert.equal(give(push(2, 2, START - 50), START), "new");
  assert.deepEqual(isolates.live(START + 1000), { live: 2, maxSkewMs: AHEAD_MS });
  assert.deepEqual(isolates.live(START + AHEAD_MS + 1), { live: 0, maxSkewMs: 0 });
});

test("what is stored is what was known", () => {
  const { isolates, give } = counting();
  for (const seq of [1, 2, 7, 64, 60]) give(push(9, seq, START), START);
  const again = counting();
  again.isolates.restore(JSON.parse(JSON.stringify(isolates)));
  for (let seq = 0; seq <= 64; seq += 1) {
    assert.equal(again.give(push(9, seq, START), START), give(push(9, seq, START), START), String(seq));
  }
});

test("sinks of an isolate and of a sum are bounded, whatever their names", () => {
  const sum = emptyTally();
  for (let n = 0; n < 100; n += 1) {
    const sinks = ["__proto__", `sink ${n}`].map((name) => ({ name, accepted: 1, dropped: { closed: 1 } }));
    const tally = tallyOf({ sinks });
    addTally(sum, tally);
    if (n % 2 === 0) addTally(sum, tally, -1);
  }
  const { sinks } = countersOf(sum);
  assert.equal(sinks.length, 65);
  assert.equal(
    sinks.reduce((all, { accepted }) => all + accepted, 0),
    100,
  );
  assert.equal(sinks.find(({ name }) => name === "__proto__")?.accepted, 50);
  assert.deepEqual(countersOf(tallyOf(null)), countersOf(emptyTally()));
});

test("a push is no more in flight when the hub has it; what other sinks have in flight still is", () => {
  const sinks = ["events", "hub"].map((name) => ({
    name,
    accepted: 9,
    delivered: 4,
    queued: 2,
    inFlight: 3,
    dropped: {},
  }));
  const counters = countersOf(tallyOf({ sinks }, 1));
  assert.deepEqual(
    counters.sinks.map(({ name, delivered, inFlight }) => [name, delivered, inFlight]),
    [
      ["events", 4, 3],
      ["hub", 7, 0],
    ],
  );
});
