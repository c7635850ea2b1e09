/** Durations: by a finer clock than the time of day, to the microsecond; what the user gives is kept. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Collector, memorySink } from "../../js/index.ts";
import { type AdapterBridge, BRIDGE, RequestRecord } from "../../js/runtime/bridge.ts";
import { systemHost } from "../../js/runtime/system-host.ts";
import type { CollectorOptions } from "../../js/types/index.ts";
import { SimulatedHost, simulated } from "./_engine.ts";

/** A time of day that stands still, and a finer clock. */
function setUp(options: CollectorOptions = {}) {
  const memory = memorySink();
  const { tide, host } = simulated({ sinks: [memory], ...options });
  host.preciseNow = () => host.preciseMs;
  host.fetch = () => {
    host.preciseMs += 0.0123456;
    return new Response();
  };
  return { tide, host, memory };
}

function request(tide: Collector, work: () => void, hasFrozenClock = false) {
  const bridge = (tide as unknown as Record<symbol, AdapterBridge>)[BRIDGE] as AdapterBridge;
  const record = new RequestRecord(bridge, {}, "/a", "/a", "GET", hasFrozenClock);
  bridge.open(record, undefined);
  bridge.run(record, work);
  bridge.end(record, 200, undefined, undefined);
}

const steps = [0.0123456, 0.0004, 0.0005, 12.3456789, 1000, 0];
const wanted = [0.012, 0, 0.001, 12.346, 1000, 0];

test("adapters, `time`, `query` and `fetch` measure to the microsecond, whatever the time of day does", async () => {
  for (const [at, step] of steps.entries()) {
    const { tide, host, memory } = setUp();
    const work = () => {
      host.preciseMs += step;
      host.nowMs -= 5000;
    };
    host.fetch = async () => {
      work();
      return new Response();
    };
    tide.time("sync", work);
    await tide.time("async", async () => work());
    tide.query("select 1", work);
    await tide.fetch("https://h/x");
    request(tide, work);
    await tide.flush();
    assert.deepEqual(
      memory.events.map(({ dur_ms }) => dur_ms),
      Array(5).fill(wanted[at]),
    );
  }
});

test("a duration that you give is kept as it is", async () => {
  const { tide, memory } = setUp();
  const given = [0.00012345, 1 / 3, 0, 5e-324, 7];
  for (const ms of given) tide.fn("f", 1_700_000_000_000, ms);
  for (const ms of given) tide.req("/a", "GET", 200, 1_700_000_000_000, ms);
  for (const durationMs of given) {
    tide.enqueue({ kind: "DB", statement: "x", startMs: 1_700_000_000_000, durationMs });
  }
  await tide.flush();
  assert.deepEqual(
    memory.events.map(({ dur_ms }) => dur_ms),
    [...given, ...given, ...given],
  );
});

test("with a clock of the user's, durations are of that clock", async () => {
  let nowMs = 1_700_000_000_000;
  const { tide, host, memory } = setUp({ clock: () => nowMs });
  const work = () => {
    nowMs += 250;
    host.preciseMs += 1;
  };
  tide.time("f", work);
  request(tide, work);
  await tide.flush();
  assert.deepEqual(
    memory.events.map(({ dur_ms }) => dur_ms),
    [250, 250],
  );
});

test("a clock that stepped back, or stands still on this host, gives no duration", async () => {
  const { tide, host, memory } = setUp();
  tide.time("back", () => {
    host.preciseMs -= 1;
  });
  request(tide, () => {}, true);
  await tide.flush();
  assert.deepEqual(
    memory.events.map((event) => "dur_ms" in event),
    [false, false],
  );
});

test("the host's finer clock is `performance.now`, on Workers `Date.now`", () => {
  const globals = globalThis as { WebSocketPair?: unknown };
  const before = performance.now();
  const ms = systemHost().preciseNow();
  assert.ok(ms >= before && ms <= performance.now());
  globals.WebSocketPair = class {};
  try {
    assert.ok(Math.abs(systemHost().preciseNow() - Date.now()) < 60_000);
  } finally {
    delete globals.WebSocketPair;
  }
  assert.equal(new SimulatedHost().preciseNow(), new SimulatedHost().now());
});
