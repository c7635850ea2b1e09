import assert from "node:assert/strict";
import { test } from "node:test";
import { createCollector, memorySink, TidegateError } from "../../js/index.ts";
import { assertLaws, simulated, trapNext } from "./_engine.ts";

function setup() {
  const memory = memorySink();
  const heard: string[] = [];
  const made = simulated({ sinks: [memory] });
  made.tide.on("core-reset", ({ reason }) => heard.push(`reset: ${reason}`));
  made.tide.on("error", ({ code }) => heard.push(code));
  return { ...made, memory, heard };
}

test("a trap loses what the engine had queued, and reports it; totals and the collector go on", async () => {
  const { tide, host, memory, heard } = setup();
  tide.evt("delivered");
  await host.advance(501);
  tide.evt("queued");
  trapNext("engine_recordRequest");
  tide.req("/a", "GET", 200, host.nowMs, 1);
  assert.deepEqual(heard, ["reset: unreachable"]);
  tide.evt("after");
  const counters = assertLaws(tide);
  assert.equal(counters.coreResets, 1);
  assert.equal(counters.sinks[0]?.delivered, 1);
  assert.equal(counters.sinks[0]?.dropped.core_reset, 1);
  await host.advance(501);
  assert.deepEqual(
    memory.events.map((event) => ("name" in event ? event.name : event.kind)),
    ["delivered", "after"],
  );
  assert.equal(tide.error, undefined);
});

test("a trap in any call of the run loop reaches nobody", async () => {
  for (const method of [
    "engine_tick",
    "engine_round",
    "engine_poll",
    "engine_settle",
    "engine_nextDeadline",
    "engine_notice",
    "engine_counters",
    "engine_stats",
  ] as const) {
    const { tide, host } = setup();
    tide.evt("one");
    trapNext(method);
    await host.advance(501);
    tide.counters();
    tide.stats();
    await host.advance(11_000);
    tide.evt("two");
    await host.advance(501);
    assert.equal(assertLaws(tide).coreResets, 1, method);
    assert.equal(tide.queueDepth, 0);
  }
});

test("another collector's trap costs this one what it had queued, and nothing else", async () => {
  const [one, other] = [setup(), setup()];
  one.tide.evt("queued");
  for (let n = 0; n < 2; n += 1) {
    trapNext("engine_recordRequest");
    other.tide.req("/a", "GET", 200, other.host.nowMs, 1);
  }
  assert.ok(other.tide.error);
  one.tide.evt("after");
  const counters = assertLaws(one.tide);
  assert.equal(counters.sinks[0]?.dropped.core_reset, 1);
  assert.equal(counters.sinks[0]?.queued, 1);
  assert.equal(one.tide.error, undefined);
  assertLaws(other.tide);
});

test("two traps within ten seconds end it: inert, one complaint, totals kept", async (t) => {
  const complaints = t.mock.method(console, "error", () => {});
  const { tide, host, heard } = setup();
  tide.evt("one");
  for (let n = 0; n < 2; n += 1) {
    await host.advance(100);
    trapNext("engine_recordRequest");
    tide.req("/a", "GET", 200, host.nowMs, 1);
  }
  tide.evt("refused");
  assert.equal(complaints.mock.callCount(), 1);
  assert.ok(tide.error instanceof TidegateError && tide.error.code === "core/trap");
  assert.equal(heard.at(-1), "core/trap");
  const { emitted, coreResets, refused, accepted } = assertLaws(tide);
  assert.deepEqual([emitted, coreResets, refused, accepted], [4, 2, 3, 1]);
  assert.equal((await tide.flush()).timedOut, false);
  assert.equal((await tide.close()).timedOut, false);
});

test("traps far apart do not end it", async () => {
  const { tide, host } = setup();
  for (let n = 0; n < 3; n += 1) {
    trapNext("engine_recordRequest");
    tide.req("/a", "GET", 200, host.nowMs, 1);
    await host.advance(10_001);
  }
  assert.equal(tide.error, undefined);
  assert.equal(assertLaws(tide).coreResets, 3);
});

test("a stack overflow outside the engine is not taken for a trap", async () => {
  const { tide, host, heard } = setup();
  tide.evt("kept");
  trapNext("engine_recordRequest", new RangeError("Maximum call stack size exceeded"));
  tide.req("/a", "GET", 200, host.nowMs, 1);
  tide.evt("after");
  assert.deepEqual(heard, []);
  assert.equal(assertLaws(tide).accepted, 2);
});

test("a host at the end of its own stack costs nothing", () => {
  const { tide, host } = setup();
  tide.evt("kept");
  const dig = (): void => {
    tide.req("/deep", "GET", 200, host.nowMs, 1);
    dig();
  };
  assert.throws(dig, RangeError);
  tide.evt("after");
  const counters = assertLaws(tide);
  assert.equal(tide.error, undefined);
  assert.ok(counters.coreResets <= 1);
  assert.ok(counters.emitted > 0);
});

test("an answer to a batch of the dead engine does not settle one of the next", async () => {
  let answer: (value: "ok") => void = () => {};
  const { tide, host } = simulated({
    sinks: [{ name: "x", format: "ndjson", send: () => new Promise<"ok">((resolve) => (answer = resolve)) }],
  });
  tide.evt("lost");
  await host.advance(501);
  const first = answer;
  trapNext("engine_recordRequest");
  tide.req("/a", "GET", 200, host.nowMs, 1);
  tide.evt("next");
  await host.advance(501);
  first("ok");
  await host.advance(1);
  assert.equal(assertLaws(tide).sinks[0]?.delivered, 0);
  answer("ok");
  await host.advance(1);
  assert.equal(assertLaws(tide).sinks[0]?.delivered, 1);
});

test("no argument, however wrong, throws or breaks the laws", async () => {
  const { tide, host, heard } = setup();
  const hostile = new Proxy({}, { get: () => assert.fail("hostile"), ownKeys: () => assert.fail("hostile") });
  const junk: unknown[] = [
    undefined,
    null,
    0,
    -1,
    Number.NaN,
    1n,
    "",
    "x".repeat(1e6),
    "\ud800",
    true,
    Symbol("s"),
    {},
    [],
    () => {},
    hostile,
  ];
  const methods = tide as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const value of junk) {
    for (const method of ["req", "fn", "db", "evt", "enqueue", "configure"] as const) {
      const call = methods[method]!;
      call();
      call(value);
      call(value, value, value, value, value, value);
      call("/a", value, value, value);
      call("/a", "GET", value, value, value);
      call("/a", "GET", 200, host.nowMs, value, value);
    }
    for (const kind of ["REQ", "FN", "DB", "EVT", value]) {
      methods["enqueue"]!({
        kind,
        route: value,
        name: value,
        statement: value,
        startMs: host.nowMs,
        attributes: { value },
      });
    }
    const scope = tide.scope(value as never);
    scope.route(value as never);
    scope.set("key", value as never);
    scope.evt("fine", { value } as never);
    methods["tick"]!(value);
    assertLaws(tide);
  }
  assert.deepEqual(heard, []);
  assert.ok(assertLaws(tide).refused > 0);
  assert.equal(
    tide.time("detached", () => 1),
    1,
  );
  await host.advance(1000);
  assertLaws(tide);
});

test("createCollector runs on the real host", async () => {
  const memory = memorySink();
  const tide = createCollector({ sinks: [memory], handleSignals: false });
  tide.req("/a", "GET", 200, Date.now(), 1);
  assert.equal((await tide.flush()).delivered, 1);
  assert.equal(memory.events.length, 1);
});
