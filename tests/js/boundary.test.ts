/** What crosses into wasm and back: values as they are, and no object of an instance that is gone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { memorySink } from "../../js/index.ts";
import { compileRules, makeRng, shouldExcludeRoute } from "../../js/sampling.ts";
import { StatsStore } from "../../js/stats.ts";
import { StatsStore as Store } from "../../js/wasm/generated/tidegate.js";
import { epoch, instance, reset } from "../../js/wasm/instance.ts";
import { assertLaws, countCalls, settle, simulated } from "./_engine.ts";

const TEXTS = [
  "",
  "a",
  "a\0b",
  "x".repeat(63),
  "x".repeat(64),
  "x".repeat(65),
  `${"x".repeat(63)}ü`,
  `${"x".repeat(64)}ü${"y".repeat(700)}`,
  "größe",
  "漢字",
  "🌊 tide",
  "\ufeffbyte order mark",
];

test("texts, numbers and truths arrive as they were given", async () => {
  const memory = memorySink();
  const { tide, host } = simulated({ sinks: [memory] });
  const values = [...TEXTS.slice(1), 0, -0.5, 1e300, Number.MAX_SAFE_INTEGER, true, false];
  for (const value of values) tide.evt("e", { value, after: "still there" });
  for (const text of TEXTS.slice(1)) tide.fn(text, host.nowMs, 1, text);
  await host.advance(501);
  const attributes = memory.events.flatMap((event) => (event.kind === "EVT" ? [event.attributes] : []));
  assert.deepEqual(
    attributes,
    values.map((value) => ({ value, after: "still there" })),
  );
  const named = memory.events.flatMap((event) => (event.kind === "FN" ? [event.fn] : []));
  assert.deepEqual(
    named.map((name) => name.slice(0, 60)),
    TEXTS.slice(1).map((text) => text.slice(0, 60)),
  );
  assertLaws(tide);
});

test("half a character arrives as a replacement, and harms nothing", async () => {
  const memory = memorySink();
  const { tide, host } = simulated({ sinks: [memory] });
  tide.evt("e", { cut: "\ud83c", whole: "a\ud83cb" });
  await host.advance(501);
  assert.deepEqual(memory.events[0]?.attributes, { cut: "\ufffd", whole: "a\ufffdb" });
});

test("what an earlier call was given is not read by a later one", async () => {
  const memory = memorySink();
  const { tide, host } = simulated({ sinks: [memory] });
  const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const attributes = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`key${n}`, "v".repeat(50)]));
  tide.enqueue({ kind: "EVT", name: "long", attributes, traceparent: `00-${trace}-00f067aa0ba902b7-01` });
  tide.evt("short");
  tide.req("/r", "GET", 200, host.nowMs, 1, "Failed");
  tide.req("/r", "GET", 500, host.nowMs, 1, new Error("x"));
  tide.db("select 1", host.nowMs, 1);
  await host.advance(501);
  const [long, short, ...rest] = memory.events;
  assert.equal(long?.trace_id, trace);
  assert.deepEqual([short?.attributes, short?.error, short?.parent_id], [undefined, undefined, undefined]);
  assert.notEqual(short?.trace_id, trace);
  assert.deepEqual(
    rest.map((event) => [event.error, event.attributes]),
    [
      ["Failed", undefined],
      ["Error", undefined],
      [undefined, undefined],
    ],
  );
});

test("the bytes of a large store cross whole, both ways", () => {
  const stats = new StatsStore({ series: 1024 });
  for (let n = 0; n < 20_000; n += 1) stats.record(1e12 + n, n % 977, false, `/route/${n % 700}`);
  const bytes = stats.toBytes();
  assert.ok(bytes.length > 50_000);
  const other = new StatsStore({ series: 1024 });
  other.merge(bytes);
  assert.deepEqual(other.snapshot(1e12 + 20_000), stats.snapshot(1e12 + 20_000));
});

test("rows of a query are no status: many of them make no error", async () => {
  const memory = memorySink();
  const { tide, host } = simulated({ sinks: [memory] });
  tide.db("select 1", host.nowMs, 1, { rows: 700 });
  await host.advance(501);
  const [event] = memory.events;
  assert.deepEqual([event?.kind === "DB" && event.rows, tide.stats().errors], [700, 0]);
});

/** Calls `work` on the way back from the end of the stack: at first there is no room for it, then for some of it. */
function atTheEndOfTheStack(work: () => void): void {
  let left = 1000;
  const dig = (): void => {
    try {
      dig();
    } catch (end) {
      left -= 1;
      try {
        if (left > 0) work();
      } catch {
        // Whatever it was: the next call with room has to cope.
      }
      throw end;
    }
  };
  assert.throws(dig, RangeError);
}

test("a change that a full stack left in the middle is refused by the next call, and other objects go on", () => {
  instance();
  const [torn, whole] = [new Store(), new Store()];
  const isTorn = () => {
    try {
      torn.snapshot(1e12);
      return false;
    } catch (thrown) {
      assert.match(String(thrown), /recursive use/);
      return true;
    }
  };
  let tries = 0;
  do {
    tries += 1;
    atTheEndOfTheStack(() => torn.snapshot(1e12));
  } while (!isTorn() && tries < 100);
  assert.ok(isTorn(), `${tries} tries`);
  assert.equal(whole.snapshot(1e12).count, 0);
});

test("whatever a full stack leaves in the middle, the next call with room gives the right answer", () => {
  const rules = compileRules(["re:^/(a|b)+(c|d)*x$"]);
  const stats = new StatsStore();
  for (let round = 0; round < 30; round += 1) {
    atTheEndOfTheStack(() => shouldExcludeRoute("/ababcdcdx", rules));
    atTheEndOfTheStack(() => stats.snapshot(1e12));
    assert.equal(shouldExcludeRoute("/ababcdcdx", rules), true);
    assert.equal(shouldExcludeRoute("/ababcdcdy", rules), false);
    assert.equal(stats.record(1e12, 1, false), true);
    assert.ok(stats.snapshot(1e12).count >= 1);
  }
});

test("an object of a dead instance is never freed in the next one", async () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  const collect = async () => {
    for (let n = 0; n < 5; n += 1) {
      gc();
      await settle();
    }
  };
  const make = () => {
    for (let n = 0; n < 20; n += 1) makeRng({ seed: n })();
  };
  await collect();
  make();
  reset(epoch());
  instance();
  const freed = countCalls("__wbg_rng_free");
  await collect();
  assert.equal(freed(), 0);
  make();
  await collect();
  assert.ok(freed() >= 19, `${freed()} of 20`);
});
