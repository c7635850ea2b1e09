// What a collector is after `close`: its engine is freed, and its last figures stay.
import assert from "node:assert/strict";
import { test } from "node:test";
import { memorySink, ndjson } from "../../js/index.ts";
import type { Collector, CollectorOptions, SendOutcome, Sink } from "../../js/types/index.ts";
import { epoch, instance } from "../../js/wasm/instance.ts";
import { assertLaws, countCalls, type SimulatedHost, settle, simulated, trapNext } from "./_engine.ts";

type Answer = SendOutcome | Promise<SendOutcome>;

const sinkOf = (send: () => Answer): Sink => ({ name: "x", format: "ndjson", send });

const record = (tide: Collector, nowMs: number) => {
  tide.req("/a", "GET", 200, nowMs, 12);
  tide.evt("b", { c: 1 });
  tide.db("select 1 from t", nowMs, 3);
};

/** A collector whose one batch is leased when its close has timed out. */
async function leased(kind: SimulatedHost["kind"] = "process", options: CollectorOptions = {}) {
  let answer: (value: "ok" | "retry") => void = () => {};
  const send = () => new Promise<"ok" | "retry">((resolve) => (answer = resolve));
  const made = simulated({ ...options, sinks: [sinkOf(send)] }, kind);
  record(made.tide, made.host.nowMs);
  const freed = countCalls("__wbg_engine_free");
  const closing = made.tide.close({ timeoutMs: 100 });
  await made.host.advance(100);
  assert.deepEqual(await closing, { delivered: 0, remaining: 3, dropped: 0, timedOut: true });
  assert.equal(freed(), 0, "the batch is leased");
  return { ...made, freed, answer: (value: "ok" | "retry") => answer(value) };
}

for (const [name, options] of Object.entries<CollectorOptions>({
  "without sinks": {},
  "with a sink that answers at once": { sinks: [sinkOf(() => "ok")] },
  "with a sink that throws": { sinks: [sinkOf(() => assert.fail("broken"))], maxConsecutiveSinkFailures: 1 },
  "with the largest queue": { queueSize: 65_536, sinks: [memorySink()] },
})) {
  test(`1 300 collectors ${name}, made and closed in one go, take the memory of a few`, async () => {
    const [first, before] = [epoch(), instance().memory.buffer.byteLength];
    const closings: Promise<unknown>[] = [];
    for (let n = 0; n < 1300; n += 1) {
      const { tide, host } = simulated(options);
      record(tide, host.nowMs);
      closings.push(tide.close(n % 2 === 0 ? { timeoutMs: 0 } : {}));
    }
    await Promise.all(closings);
    assert.equal(epoch(), first, "no trap");
    assert.ok(instance().memory.buffer.byteLength - before < 64 * 2 ** 20);
  });
}

test("1 300 collectors whose sinks answer later, closed one after the other, take the memory of a few", async () => {
  const [first, before] = [epoch(), instance().memory.buffer.byteLength];
  for (let n = 0; n < 1300; n += 1) {
    const { tide, host } = simulated(() => ({ sinks: [sinkOf(async () => "ok" as const)] }));
    record(tide, host.nowMs);
    assert.equal((await tide.close()).delivered, 3);
  }
  assert.equal(epoch(), first, "no trap");
  assert.ok(instance().memory.buffer.byteLength - before < 64 * 2 ** 20);
});

test("a closed collector answers from its last copy, which is the caller's to change", async () => {
  const { tide, host } = simulated({ sinks: [memorySink()] });
  record(tide, host.nowMs);
  const freed = countCalls("__wbg_engine_free");
  assert.deepEqual(await tide.close(), { delivered: 3, remaining: 0, dropped: 0, timedOut: false });
  assert.equal(freed(), 1);
  const [counters, stats, text] = [tide.counters(), tide.stats(), tide.metricsText()];
  assert.deepEqual([counters.emitted, counters.sinks[0]?.delivered], [3, 3]);
  assert.deepEqual([stats.count, stats.series.length, stats.maxMs], [1, 2, 12]);
  assert.match(text, /\/a/);
  const timeline = tide.timeline();
  assert.deepEqual([timeline.count.at(-1), timeline.p99Ms.at(-1)], [1, 12]);
  const copies = structuredClone([counters, stats, timeline]);
  (counters as { emitted: number }).emitted = 99;
  (stats.series as unknown[]).length = 0;
  await host.advance(3_600_000);
  assert.deepEqual([tide.counters(), tide.stats(), tide.timeline()], copies);
  assert.equal(tide.timeline({ kind: "REQ", name: "/a" }).count.at(-1), 0, "only all requests are known");
  assert.equal(tide.metricsText(), text);
  assert.deepEqual([tide.queueDepth, tide.tick(), tide.error, host.timers], [0, null, undefined, 0]);
  const nothing = { delivered: 0, remaining: 0, dropped: 0, timedOut: false };
  assert.deepEqual([await tide.flush(), await tide.close(), await tide.close()], [nothing, nothing, nothing]);
  assert.equal(freed(), 1);
});

test("what is recorded after a close is refused and counted", async () => {
  const { tide, host } = simulated({ sinks: [memorySink()] });
  record(tide, host.nowMs);
  await tide.close();
  record(tide, host.nowMs);
  tide.enqueue({ kind: "EVT", name: "late" } as never);
  tide.time("late", () => 1);
  const scope = tide.scope({} as never);
  scope.evt("late");
  scope.route("/late");
  const { emitted, accepted, refused } = assertLaws(tide);
  assert.deepEqual([emitted, accepted, refused], [9, 3, 6]);
  assert.equal(host.timers, 0);
});

test("a late ok after the close is delivered, and then the engine is freed", async () => {
  const { tide, host, freed, answer } = await leased();
  assert.equal(assertLaws(tide).sinks[0]?.inFlight, 3);
  answer("ok");
  await settle();
  assert.deepEqual([freed(), assertLaws(tide).sinks[0]?.delivered, host.timers], [1, 3, 0]);
});

test("a late failure after the close drops the batch as closed, and then the engine is freed", async () => {
  const { tide, host, freed, answer } = await leased();
  answer("retry");
  await settle();
  assert.deepEqual([freed(), assertLaws(tide).sinks[0]?.dropped.closed, host.timers], [1, 3, 0]);
});

test("without an answer the deadline of the send frees the engine", async () => {
  const { tide, host, freed } = await leased();
  await host.advance(2000);
  assert.deepEqual([freed(), assertLaws(tide).sinks[0]?.dropped.closed], [1, 3]);
});

test("if the owner of the send has died, the end of the lease frees the engine: by a timer", async () => {
  let context = "";
  const { tide, host, freed } = await leasedIn("process", "request", (name) => (context = name));
  host.kill(context);
  tide.tick();
  await host.advance(3100);
  assert.deepEqual([freed(), assertLaws(tide).sinks[0]?.dropped.closed, host.timers], [1, 3, 0]);
});

for (const ask of ["counters", "stats", "metricsText", "tick", "flush", "close"] as const) {
  test(`where no timer outlives a request, the next call frees the engine: ${ask}`, async () => {
    const { tide, host, freed } = await leasedIn("workers", "request", () => {});
    host.kill("request");
    await host.advance(3100);
    assert.equal(freed(), 0);
    await tide[ask]();
    assert.equal(freed(), 1);
    assert.equal(assertLaws(tide).sinks[0]?.dropped.closed, 3);
  });
}

/** As `leased`, closed by a request that dies. */
async function leasedIn(kind: SimulatedHost["kind"], context: string, named: (name: string) => void) {
  const made = simulated({ sinks: [sinkOf(() => new Promise(() => {}))] }, kind);
  record(made.tide, made.host.nowMs);
  made.host.context = context;
  named(context);
  const freed = countCalls("__wbg_engine_free");
  void made.tide.close({ timeoutMs: 100 });
  await made.host.advance(100);
  made.host.context = "process";
  return { ...made, freed };
}

test("two closes at a time, of which one ends first, both tell what was delivered", async () => {
  let answer: (value: "ok") => void = () => {};
  const { tide, host } = simulated({
    sinks: [sinkOf(() => new Promise<"ok">((resolve) => (answer = resolve)))],
  });
  record(tide, host.nowMs);
  const closings = [tide.close(), tide.close()];
  await settle();
  answer("ok");
  await host.advance(50);
  for (const closing of closings) assert.equal((await closing).delivered, 3);
  assertLaws(tide);
});

test("listeners hear all notices before the engine is freed, also one that closes", async () => {
  const heard: string[] = [];
  const { tide, host } = simulated({ sinks: [memorySink()] });
  tide.on("flush", () => {
    heard.push("flush");
    void tide.close();
  });
  record(tide, host.nowMs);
  const freed = countCalls("__wbg_engine_free");
  await tide.flush();
  await settle();
  assert.deepEqual([heard, freed()], [["flush"], 1]);
  const dropping = simulated({ sinks: [sinkOf(() => new Promise(() => {}))], batchMax: 1 });
  dropping.tide.on("drop", ({ reason }) => heard.push(reason));
  record(dropping.tide, dropping.host.nowMs);
  void dropping.tide.close({ timeoutMs: 0 });
  await dropping.host.advance(2100);
  assert.ok(heard.includes("closed"));
});

test("a trap while a close waits leaves a collector that takes nothing more", async () => {
  const { tide, host } = simulated({ sinks: [sinkOf(() => new Promise(() => {}))] });
  record(tide, host.nowMs);
  const closing = tide.close();
  trapNext("engine_tick");
  tide.tick();
  record(tide, host.nowMs);
  const { coreResets, emitted, refused, sinks } = assertLaws(tide);
  assert.deepEqual([coreResets, emitted, refused, sinks[0]?.dropped.core_reset], [1, 6, 3, 3]);
  await host.advance(2100);
  assert.equal((await closing).delivered, 0);
  assert.equal(assertLaws(tide).refused, 3);
});

test("a trap after the close leaves a closed collector", async () => {
  const { tide, host, answer } = await leased();
  trapNext("engine_tick");
  tide.tick();
  record(tide, host.nowMs);
  answer("ok");
  await settle();
  const { coreResets, emitted, refused, sinks } = assertLaws(tide);
  assert.deepEqual([coreResets, emitted, refused, sinks[0]?.dropped.core_reset], [1, 6, 3, 3]);
});

test("the trap of another collector means nothing to one that was freed", async () => {
  const [one, other] = [simulated({ sinks: [memorySink()] }), simulated({ sinks: [memorySink()] })];
  record(one.tide, one.host.nowMs);
  record(other.tide, other.host.nowMs);
  await one.tide.close();
  const before = [one.tide.counters(), one.tide.stats()];
  trapNext("engine_tick");
  other.tide.tick();
  assert.equal(assertLaws(other.tide).coreResets, 1);
  const made = countCalls("engine_new");
  assert.deepEqual([one.tide.counters(), one.tide.stats(), one.tide.queueDepth], [...before, 0]);
  assert.equal(made(), 0);
  record(one.tide, one.host.nowMs);
  assert.equal(assertLaws(one.tide).refused, 3);
  await one.tide.close();
});

test("a full stack while the engine is freed costs an instance, and no count", async () => {
  const [one, other] = [simulated({ sinks: [memorySink()] }), simulated({ sinks: [memorySink()] })];
  record(one.tide, one.host.nowMs);
  record(other.tide, other.host.nowMs);
  trapNext("__wbg_engine_free", new RangeError("Maximum call stack size exceeded"));
  assert.equal((await one.tide.close()).delivered, 3);
  assert.equal(assertLaws(one.tide).sinks[0]?.delivered, 3);
  record(other.tide, other.host.nowMs);
  const { coreResets, emitted } = assertLaws(other.tide);
  assert.deepEqual([coreResets, emitted], [1, 6]);
});

test("a collector that never had an engine closes", async () => {
  const failing = simulated(() => assert.fail("no options"));
  failing.tide.on("error", () => {});
  await failing.tide.close();
  assert.equal(assertLaws(failing.tide).emitted, 0);
  const unused = simulated({ sinks: [ndjson({ url: "https://example.com" })] });
  assert.deepEqual(await unused.tide.close(), { delivered: 0, remaining: 0, dropped: 0, timedOut: false });
  assert.equal(unused.tide.stats().count, 0);
});

for (const kind of ["process", "workers"] as const) {
  test(`a collector that is closed before it has options stays closed, ${kind}`, async () => {
    const { tide, host } = simulated(() => ({ sinks: [memorySink()] }), kind);
    await tide.close();
    const before = tide.counters().refused;
    if (kind === "workers") tide.configure({});
    record(tide, host.nowMs);
    tide.counter("c").add(1);
    const { refused, refusedBy, metrics } = assertLaws(tide);
    assert.deepEqual([refused - before, refusedBy.closed, metrics.refused], [3, 3, 1]);
    assert.deepEqual([tide.queueDepth, tide.metrics(), tide.error], [0, [], undefined]);
    assert.equal(tide.tick(), null);
    assert.deepEqual(await tide.close(), { delivered: 0, remaining: 0, dropped: 0, timedOut: false });
  });
}
