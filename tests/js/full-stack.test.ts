/** A host whose stack is full: every call throws, at any place of ours. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Collector, memorySink } from "../../js/index.ts";
import { assertLaws, type SimulatedHost, simulated, trapNext } from "./_engine.ts";

/** Records at the end of the stack, and once more on each step of the way back. */
function recordAtTheEnd(tide: Collector, host: SimulatedHost, call: (at: number) => void): void {
  let calls = 0;
  const walk = (): void => {
    try {
      walk();
    } finally {
      tide.evt("left");
      tide.req(`/route/${calls % 7}`, "GET", 200, host.nowMs, 1);
      calls += 1;
      call(calls);
    }
  };
  assert.throws(walk, RangeError);
}

test("a full stack costs a collector nothing but what it could not record", async () => {
  for (let round = 0; round < 20; round += 1) {
    const memory = memorySink();
    const { tide, host } = simulated({ sinks: [memory], queueSize: 100_000, batchMax: 1000 });
    tide.evt("before");
    for (let n = 0; n < 7; n += 1) tide.req(`/route/${n}`, "GET", 200, host.nowMs, 1);
    let { emitted } = assertLaws(tide);
    const check = () => {
      const counters = assertLaws(tide);
      assert.ok(counters.emitted >= emitted, `${counters.emitted} after ${emitted}`);
      ({ emitted } = counters);
    };
    recordAtTheEnd(tide, host, (at) => {
      // With room on the stack again.
      if (at > 1000 && at % 500 === 0) check();
    });
    check();
    assert.equal(tide.error, undefined);
    tide.req("/route/3", "GET", 200, host.nowMs, 1);
    tide.evt("after");
    await host.advance(1000);
    await tide.flush();
    check();
    const names = memory.events.map((event) => (event.kind === "EVT" ? event.name : event.kind));
    assert.equal(names.at(-1), "after");
    const routes = new Set(memory.events.flatMap((event) => (event.kind === "REQ" ? [event.route] : [])));
    for (const route of routes) assert.match(route, /^\/route\/[0-6]$/);
    await tide.close();
  }
});

test("each route keeps its name where a full stack has interrupted the collector", async () => {
  const memory = memorySink();
  const { tide, host } = simulated({ sinks: [memory], queueSize: 100_000, batchMax: 1000 });
  for (let round = 0; round < 10; round += 1) {
    recordAtTheEnd(tide, host, () => {});
    await tide.flush();
    memory.events.length = 0;
    const startMs = host.nowMs;
    // The start tells which route was recorded.
    for (let n = 0; n < 7; n += 1) tide.req(`/route/${n}`, "GET", 200, startMs - n, 1);
    await host.advance(1000);
    await tide.flush();
    const found = memory.events.map((event) => event.kind === "REQ" && [event.route, startMs - event.ts]);
    assert.deepEqual(
      found,
      Array.from({ length: 7 }, (_, n) => [`/route/${n}`, n]),
    );
  }
  assertLaws(tide);
});

test("totals are kept where a full stack interrupts the change to a new engine", async () => {
  const memory = memorySink();
  const { tide, host } = simulated({ sinks: [memory] });
  tide.evt("delivered");
  await host.advance(501);
  trapNext("engine_recordRequest");
  trapNext("engine_restore", new RangeError("Maximum call stack size exceeded"));
  tide.req("/a", "GET", 200, host.nowMs, 1);
  tide.evt("after");
  const { emitted, sinks } = assertLaws(tide);
  assert.deepEqual([emitted, sinks[0]?.delivered], [3, 1]);
  await host.advance(501);
  assert.equal(memory.events.length, 2);
  assert.equal(tide.error, undefined);
});
