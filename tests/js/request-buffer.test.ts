import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createCollector, memorySink } from "../../js/index.ts";
import type { CollectorOptions, NdjsonEvent } from "../../js/types/index.ts";
import { assertLaws, callsOf, simulated, trapNext } from "./_engine.ts";

const METHODS = ["GET", "POST", "PURGE"];

/** The same stream of requests each time, some of them unusable, with events of other kinds among them. */
async function play(options: CollectorOptions) {
  const memory = memorySink();
  const { tide, host } = simulated({ sinks: [memory], sampling: { exclude: ["/health"] }, ...options });
  let state = 7;
  const pick = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  for (let n = 0; n < 3000; n += 1) {
    const route = ["/health", `/route/${pick(20)}`, "/größe?q=1", `/odd/${n}`][pick(4)] as string;
    const durationMs = [1, 2.5, undefined, -1, Number.NaN, 4000][pick(6)];
    const status = [200, 404, 503, 700.5, 0, -1, Number.NaN][pick(7)] as number;
    tide.req(
      route,
      METHODS[pick(3)] as string,
      status,
      host.nowMs - (durationMs || 0) - pick(50),
      durationMs,
      pick(9) ? null : "E",
    );
    if (pick(40) === 0) tide.evt("between");
    if (pick(20) === 0) await host.advance(pick(300));
    if (pick(100) === 0) assertLaws(tide);
  }
  await host.advance(1000);
  const counters = assertLaws(tide);
  return { events: memory.events.map(withoutIds), counters, stats: tide.stats() };
}

function withoutIds(event: NdjsonEvent): object {
  return { ...event, trace_id: "", span_id: "" };
}

test("buffered requests are recorded like those that are recorded one by one", async () => {
  // The user's own draws are made one at a time; at rate 1 there is none, but nothing waits either.
  const [waiting, single] = [
    await play({}),
    await play({ sampling: { exclude: ["/health"], rng: () => 0 } }),
  ];
  assert.deepEqual(waiting, single);
  assert.ok(waiting.counters.refused > 100 && waiting.counters.excluded > 100);
});

test("a request crosses the boundary once in 64, whether its route is known or new", () => {
  const { tide, host } = simulated({});
  tide.req("/a", "GET", 200, host.nowMs, 1);
  for (const name of [() => "/a", (n: number) => `/new/${n}`]) {
    const requests = () => {
      for (let n = 0; n < 640; n += 1) tide.req(name(n), "GET", 200, host.nowMs, 1);
    };
    assert.equal(callsOf("engine_recordRequest", requests), 0);
    assert.equal(callsOf("engine_recordRequests", requests), 10);
  }
  assert.equal(tide.counters().emitted, 2561);
});

test("a route that returns has an id: its text, too long to cross 64 times at once, does not cross again", () => {
  for (const sinks of [[], [memorySink()]]) {
    const { tide, host } = simulated({ sinks, batchMax: 4096 });
    const requests = () => {
      for (let n = 0; n < 64; n += 1) tide.req(`/a?q=${"x".repeat(300)}`, "GET", 200, host.nowMs, 1);
    };
    assert.notEqual(callsOf("engine_recordRequest", requests), 0);
    assert.equal(callsOf("engine_recordRequest", requests), 0);
    assert.equal(assertLaws(tide).accepted, 128);
  }
});

test("names of any length and any letters arrive as they were, new and known", async () => {
  const memory = memorySink();
  const { tide, host } = simulated({ sinks: [memory] });
  const names = [
    "",
    "/a",
    "/größe",
    "/漢字/🌊",
    // In two texts the halves make no whole character.
    "/half\ud83c",
    "\udf0a/half",
    "/x".repeat(150),
    "/y".repeat(600),
    "/ü".repeat(300),
  ];
  const expected: string[] = [];
  for (let round = 0; round < 40; round += 1) {
    for (const name of names) {
      tide.req(name, "GET", 200, host.nowMs, 1);
      expected.push(Buffer.from(Buffer.from(name).subarray(0, 1024)).toString());
    }
    if (round % 10 === 0) await host.advance(501);
  }
  await host.advance(501);
  assert.deepEqual(
    memory.events.map((event) => (event.kind === "REQ" ? event.route : "")),
    expected,
  );
  assertLaws(tide);
});

test("routes keep their names when the numbers of a past fashion go to those of a new one", async () => {
  const memory = memorySink({ limit: 20_000 });
  const { tide, host } = simulated({ sinks: [memory], batchMax: 64 });
  const expected: string[] = [];
  const play = async (name: string) => {
    tide.req(name, "GET", 200, host.nowMs, 1);
    expected.push(name);
    if (expected.length % 64 === 0) await host.advance(0);
  };
  for (let n = 0; n < 1200; n += 1) await play(`/old/${n % 600}`);
  for (let n = 0; n < 9600; n += 1) await play(n % 3 === 0 ? `/old/${n % 600}` : `/new/${n % 100}`);
  await host.advance(501);
  assert.deepEqual(
    memory.events.map((event) => (event.kind === "REQ" ? event.route : "")),
    expected,
  );
});

test("a full batch is seen at once, however small", async () => {
  const memory = memorySink();
  const { tide, host } = simulated({ sinks: [memory], batchMax: 3, flushIntervalMs: 60_000 });
  for (let n = 0; n < 6; n += 1) tide.req("/a", "GET", 200, host.nowMs, 1);
  await host.advance(0);
  assert.equal(memory.events.length, 6);
});

test("one request leaves in time, on a host with timers and on one that lives by requests", async () => {
  for (const kind of ["process", "workers"] as const) {
    const memory = memorySink();
    const { tide, host } = simulated({ sinks: [memory] }, kind);
    tide.configure({});
    for (let round = 0; round < 3; round += 1) {
      tide.req("/a", "GET", 200, host.nowMs, 1);
      await host.advance(501);
      if (kind === "workers") tide.tick();
      await host.advance(0);
      assert.equal(memory.events.length, round + 1, kind);
    }
  }
});

test("a trap loses of those that wait what was begun, and refuses the rest by count", () => {
  const { tide, host } = simulated({ sinks: [memorySink()] });
  for (let n = 0; n < 11; n += 1) tide.req("/a", "GET", 200, host.nowMs, 1);
  trapNext("engine_recordRequests");
  const { emitted, refused, coreResets } = assertLaws(tide);
  assert.deepEqual({ emitted, refused, coreResets }, { emitted: 11, refused: 10, coreResets: 1 });
  tide.req("/a", "GET", 200, host.nowMs, 1);
  tide.req("/a", "GET", 200, host.nowMs, 1);
  assert.equal(assertLaws(tide).emitted, 13);
});

test("another collector's trap costs those that wait, and they are counted", () => {
  const [one, other] = [simulated({}), simulated({})];
  for (let n = 0; n < 5; n += 1) one.tide.req("/a", "GET", 200, one.host.nowMs, 1);
  trapNext("engine_record");
  other.tide.evt("boom");
  one.tide.req("/a", "GET", 200, one.host.nowMs, 1);
  const { emitted, refused } = assertLaws(one.tide);
  assert.deepEqual({ emitted, refused }, { emitted: 6, refused: 4 });
});

test("after close they are refused", async () => {
  const { tide, host } = simulated({});
  for (let n = 0; n < 3; n += 1) tide.req("/a", "GET", 200, host.nowMs, 1);
  await tide.close();
  for (let n = 0; n < 3; n += 1) tide.req("/a", "GET", 200, host.nowMs, 1);
  const { emitted, refused } = assertLaws(tide);
  assert.deepEqual({ emitted, refused }, { emitted: 6, refused: 3 });
});

test("memory that grows meanwhile takes nothing along", () => {
  const tide = createCollector({ autoTick: false });
  for (let n = 0; n < 10; n += 1) {
    for (let k = 0; k < 10; k += 1) tide.req("/a", "GET", 200, Date.now(), 1);
    // Each collector allocates its own queue and statistics in the one memory.
    createCollector({ autoTick: false }).evt("grow");
    for (let k = 0; k < 10; k += 1) tide.req("/a", "GET", 200, Date.now(), 1);
  }
  assert.equal(assertLaws(tide).accepted, 200);
  assert.equal(tide.stats().count, 200);
});

test("a buffered request makes no object: what is left on the heap are numbers", () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  const { tide, host } = simulated({});
  const count = 2000;
  const record = () => {
    for (let n = 0; n < count; n += 1) tide.req("/", "GET", 200, host.nowMs, 1);
  };
  for (let warm = 0; warm < 5; warm += 1) record();
  gc();
  const before = process.memoryUsage().heapUsed;
  record();
  const bytes = (process.memoryUsage().heapUsed - before) / count;
  // The context of one closure was 144 bytes.
  assert.ok(bytes < 96, `${bytes} bytes a request`);
  assert.equal(tide.stats().count, 6 * count);
});
