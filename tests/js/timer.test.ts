/** A host that gives no timer, as Workers at global scope. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { instrument } from "../../js/adapters/workers.ts";
import { memorySink } from "../../js/index.ts";
import { assertLaws, type SimulatedHost, settle, simulated } from "./_engine.ts";

function refuseTimers(host: SimulatedHost): () => void {
  const { setTimer } = host;
  host.setTimer = () => {
    throw new Error("no timers at global scope");
  };
  return () => {
    host.setTimer = setTimer;
  };
}

test("a setTimer that throws reaches nobody and is no trap; the next event that finds a timer sends", async () => {
  const memory = memorySink();
  const { tide, host } = simulated({ sinks: [memory] });
  const giveTimers = refuseTimers(host);
  const errors: unknown[] = [];
  tide.on("error", (notice) => errors.push(notice));
  tide.on("core-reset", (notice) => errors.push(notice));
  tide.req("/a", "GET", 200, host.nowMs, 1);
  for (let n = 0; n < 100; n += 1) {
    tide.req("/a", "GET", 200, host.nowMs, 1);
    tide.evt("b");
  }
  tide.tick();
  await host.advance(1000);
  assert.deepEqual([errors, tide.error, host.timers], [[], undefined, 0]);
  assert.equal(assertLaws(tide).refused, 0);
  giveTimers();
  tide.evt("c");
  await host.advance(1000);
  assert.equal(assertLaws(tide).sinks[0]?.delivered, 202);
});

test("flush and close end at once where there is no timer to wait with, and lose nothing", async () => {
  const { tide, host } = simulated({
    sinks: [{ name: "slow", format: "ndjson", send: () => new Promise(() => {}) }],
  });
  refuseTimers(host);
  tide.evt("a");
  const flushed = await tide.flush();
  assert.equal(flushed.timedOut, true);
  assert.equal(flushed.remaining, 1);
  assertLaws(tide);
  const closed = await tide.close();
  assert.equal(closed.dropped + closed.remaining, 1);
  assertLaws(tide);
});

test("a leader without a timer leaves, and the next request leads", async () => {
  const memory = memorySink();
  const { tide, host } = simulated({ sinks: [memory] }, "workers");
  const works: Promise<unknown>[] = [];
  const ctx = { waitUntil: (work: Promise<unknown>) => void works.push(work) };
  const worker = instrument(tide, {
    fetch: async (_request: Request, _env: unknown, _ctx: unknown) => new Response("hi"),
  });
  const giveTimers = refuseTimers(host);
  await worker.fetch(new Request("https://example.com/a"), {}, ctx);
  await Promise.all(works);
  assert.equal(works.length, 1);
  giveTimers();
  await worker.fetch(new Request("https://example.com/a"), {}, ctx);
  await host.advance(1000);
  await settle();
  assert.equal(works.length, 2);
  assert.equal(assertLaws(tide).sinks[0]?.delivered, 2);
});

/** Clocks that step between events, as no clock should. */
const CLOCKS: Record<string, (n: number) => number> = {
  "forward by two seconds": (n) => n * 2000,
  "forward by an hour": (n) => n * 3_600_000,
  "back by five seconds": (n) => -n * 5000,
  "back by an hour": (n) => -n * 3_600_000,
  "forward and back": (n) => (n % 2) * 60_000,
  "back and forward, a little more each time": (n) => (n % 2 === 0 ? n : -n) * 700,
  anywhere: (n) => ((n * 7919) % 1009) * 1000,
};

for (const [name, at] of Object.entries(CLOCKS)) {
  test(`a clock that steps ${name} leaves one timer, and everything is sent`, async () => {
    const memory = memorySink();
    const { tide, host } = simulated({ sinks: [memory], queueSize: 4096 });
    const startMs = host.nowMs;
    for (let n = 0; n < 1000; n += 1) {
      host.nowMs = startMs + at(n);
      if (n % 3 === 0) tide.req("/a", "GET", 200, host.nowMs, 1);
      else tide.evt("b");
      if (n % 10 === 0) tide.tick();
      assert.ok(host.timers <= 1, `${host.timers} timers after ${n} events`);
    }
    await host.advance(60_000);
    assert.equal(assertLaws(tide).sinks[0]?.delivered, 1000);
    assert.equal(host.timers, 0);
  });
}

test("a host that cannot clear a timer is not told twice to send", async () => {
  const memory = memorySink();
  const { tide, host } = simulated({ sinks: [memory] });
  host.clearTimer = () => {
    throw new Error("not a timer");
  };
  tide.evt("a");
  host.nowMs -= 3_600_000;
  tide.evt("b");
  tide.evt("c");
  assert.equal(assertLaws(tide).accepted, 3);
});
