import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { StatsStore } from "../../js/stats.ts";
import { TidegateError } from "../../js/types/error.ts";
import type { Stats } from "../../js/types/index.ts";
import { epoch, instance, reset } from "../../js/wasm/instance.ts";
import { settle, trapNext } from "./_engine.ts";

const START = 1_767_225_600_000;

const hasCode = (code: string) => (error: unknown) => error instanceof TidegateError && error.code === code;

test("the shape is the collector's: figures, sparklines, series", () => {
  const stats = new StatsStore();
  for (let i = 0; i < 100; i += 1) {
    assert.equal(stats.record(START + i * 1000, i + 1, i % 10 === 0, i % 4 === 0 ? "/a" : "/b"), true);
  }
  stats.record(START + 99_000, 7, false);
  const now = START + 99_000;
  const { sparkline, series, ...figures } = stats.snapshot(now);
  assert.deepEqual([figures.count, figures.errors, figures.maxMs], [101, 10, 100]);
  assert.ok(Math.abs(figures.p50Ms! - 50) <= 0.5 && Math.abs(figures.rps - 101 / 99) < 1e-9);
  assert.equal(figures.errorPct, (10 * 100) / 101);
  assert.deepEqual([sparkline.seconds.length, sparkline.slots.length], [60, 60]);
  assert.deepEqual(sparkline.seconds.slice(-2), [1, 2]);
  assert.equal(
    sparkline.slots.reduce((sum, count) => sum + count),
    101,
  );
  assert.deepEqual(
    series.map(({ kind, name, count, coarse }) => [kind, name, count, coarse]),
    [
      ["REQ", "/b", 75, false],
      ["REQ", "/a", 25, false],
    ],
  );
  assert.equal(series[0]?.sparkline.slots.length, 60);
  // Plain data, and its own: the next snapshot does not change it.
  const before = stats.snapshot(now);
  const copy = structuredClone(before);
  stats.record(now, 1, false);
  assert.deepEqual(before, copy);
});

test("the keys stand in one order, and nothing but plain data is in it", () => {
  const figures = "count errors rps errorPct p50Ms p90Ms p95Ms p99Ms p999Ms maxMs meanMs".split(" ");
  const stats = new StatsStore({ series: 1 });
  stats.record(START, undefined, true, "/un/known");
  stats.record(START + 15_000, 4, false, "/other");
  const shown = stats.snapshot(START + 15_000);
  assert.deepEqual(Object.keys(shown), [...figures, "sparkline", "series"]);
  assert.deepEqual(Object.keys(shown.sparkline), ["seconds", "slots"]);
  assert.deepEqual([shown.sparkline.slots.slice(-2), shown.sparkline.seconds.at(-16)], [[1, 1], 1]);
  const [unknown, other] = shown.series;
  for (const series of shown.series) {
    assert.deepEqual(Object.keys(series), ["kind", "name", ...figures, "sparkline", "coarse"]);
    assert.deepEqual(Object.keys(series.sparkline), ["slots"]);
  }
  assert.deepEqual([unknown?.kind, unknown?.name, unknown?.errorPct], ["REQ", "/un/known", 100]);
  assert.deepEqual(
    [unknown?.p50Ms, unknown?.p999Ms, unknown?.maxMs, unknown?.meanMs],
    [null, null, null, null],
  );
  assert.deepEqual([other?.kind, other?.name, other?.maxMs, other?.coarse], ["_OTHER", "_OTHER", 4, false]);
  assert.deepEqual(other?.sparkline.slots.slice(-2), [0, 1]);
  assert.deepEqual(JSON.parse(JSON.stringify(shown)), shown);
});

test("an empty store has zeros and no percentile", () => {
  const { count, rps, errorPct, p50Ms, p999Ms, maxMs, meanMs, series } = new StatsStore().snapshot(START);
  assert.deepEqual([count, rps, errorPct, p50Ms, p999Ms, maxMs, meanMs], [0, 0, 0, null, null, null, null]);
  assert.deepEqual(series, []);
});

test("an unknown duration counts, but in no percentile", () => {
  const stats = new StatsStore();
  for (const unknown of [undefined, null]) assert.equal(stats.record(START, unknown, true, "/a"), true);
  let { count, errors, p50Ms, meanMs } = stats.snapshot(START);
  assert.deepEqual([count, errors, p50Ms, meanMs], [2, 2, null, null]);
  stats.record(START, 8, false);
  ({ count, p50Ms, meanMs } = stats.snapshot(START));
  assert.deepEqual([count, meanMs, stats.refused], [3, 8, 0]);
  assert.ok(Math.abs(p50Ms! - 8) <= 0.08);
  stats.record(START, 0, false);
  assert.equal(stats.snapshot(START).meanMs, 4, "0 is known");
});

test("unusable values are refused and counted", () => {
  const stats = new StatsStore();
  stats.record(START, 1, false);
  const bad: [unknown, unknown, unknown?][] = [
    [START, Number.NaN],
    [START, -1],
    [START, Number.POSITIVE_INFINITY],
    [START, "5"],
    [START, 1n],
    [START, {}],
    [Number.NaN, 1],
    [Number.NEGATIVE_INFINITY, 1],
    [undefined, 1],
    ["now", 1],
    [START - 900_001, 1],
    [START, 1, 5],
    [START, 1, {}],
    [START, 1, Symbol("series")],
  ];
  for (const [at, duration, series] of bad) {
    assert.equal(stats.record(at as number, duration as number, false, series as string), false);
  }
  assert.equal(stats.refused, bad.length);
  assert.equal(stats.snapshot(START).count, 1);
  assert.equal(stats.resets, 0);
  assert.equal(stats.snapshot("later" as never).count, 1);
});

test("names of any length and content have a row", () => {
  const stats = new StatsStore();
  const names = ["", "x".repeat(1e6), "\ud800", "héé/😀", "__proto__", '"a\\"\n,\0'];
  for (const name of names) assert.equal(stats.record(START, 1, false, name), true);
  const { series } = stats.snapshot(START);
  assert.deepEqual(
    new Set(series.map(({ name }) => name)),
    new Set(["", "x".repeat(256), "\ufffd", "héé/😀", "__proto__", '"a\\"\n,\0']),
  );
});

test("the window is the option's, and what leaves it is forgotten", () => {
  const stats = new StatsStore({ windowMs: 60_000 });
  stats.record(START, 1, false, "/a");
  assert.equal(stats.snapshot(START + 59_000).count, 1);
  assert.equal(stats.record(START - 1_001, 1, false), false);
  const { count, series } = stats.snapshot(START + 62_000);
  assert.deepEqual([count, series.length], [0, 0]);
});

test("beyond the rows there is _OTHER", () => {
  const stats = new StatsStore({ series: 2 });
  for (let i = 0; i < 50; i += 1) for (const name of ["/a", "/b"]) stats.record(START, 1, false, name);
  for (let i = 0; i < 20; i += 1) stats.record(START, 1, false, `/flood/${i}`);
  const { count, series } = stats.snapshot(START);
  assert.equal(count, 120);
  assert.deepEqual(
    series.map(({ name, count }) => [name, count]),
    [
      ["/a", 50],
      ["/b", 50],
      ["_OTHER", 20],
    ],
  );
});

test("bad options throw with a stable code and the option's name", () => {
  const bad: [unknown, string, string][] = [
    [null, "config/type", "options"],
    [5, "config/type", "options"],
    [{ window: 1 }, "config/unknown-option", "window"],
    [{ windowMs: "1" }, "config/type", "windowMs"],
    [{ series: null }, "config/type", "series"],
    [{ windowMs: 0 }, "config/stats-window", "windowMs"],
    [{ windowMs: Number.NaN }, "config/stats-window", "windowMs"],
    [{ windowMs: Number.POSITIVE_INFINITY }, "config/stats-window", "windowMs"],
    [{ series: 0 }, "config/stats-series", "series"],
    [{ series: 1025 }, "config/stats-series", "series"],
    [{ series: 1.5 }, "config/stats-series", "series"],
    [{ series: Number.NaN }, "config/stats-series", "series"],
    [{ series: -1 }, "config/stats-series", "series"],
    [{ series: 2 ** 32 + 1 }, "config/stats-series", "series"],
  ];
  for (const [options, code, named] of bad) {
    assert.throws(
      () => new StatsStore(options as never),
      (error) => hasCode(code)(error) && (error as Error).message.includes(named),
      `${code} ${named}`,
    );
  }
  new StatsStore({});
  new StatsStore({ windowMs: undefined, series: undefined });
  new StatsStore({ windowMs: 86_400_000, series: 1024 });
});

/** An isolate's store, some of its events unlike those of the others. */
function isolate(seed: number): StatsStore {
  const stats = new StatsStore();
  for (let i = 0; i < 500; i += 1) {
    const at = START + ((i * 7919 * seed) % 600_000);
    stats.record(at, (i * seed * 31) % 1000, i % (seed + 5) === 0, `/route/${(i + seed) % 9}`);
  }
  stats.snapshot(START + 600_000);
  return stats;
}

function merged(...stores: StatsStore[]): StatsStore {
  const all = new StatsStore();
  for (const store of stores) all.merge(store.toBytes());
  return all;
}

/** Sums may differ in their last digits; everything else is exact. */
function assertSame(actual: Stats, expected: Stats): void {
  const mean = (figures: { meanMs: number | null }) => figures.meanMs ?? 0;
  const plain = (stats: Stats) =>
    JSON.parse(JSON.stringify(stats, (key, value) => (key === "meanMs" ? undefined : value)));
  assert.deepEqual(plain(actual), plain(expected));
  for (const [i, series] of [actual, ...actual.series].entries()) {
    const other = [expected, ...expected.series][i]!;
    assert.ok(Math.abs(mean(series) - mean(other)) <= 1e-12 * mean(other));
  }
}

test("merging is commutative and associative, and gives what one store would have seen", () => {
  const now = START + 600_000;
  const [a, b, c] = [isolate(1), isolate(2), isolate(3)];
  const all = merged(a, b, c).snapshot(now);
  assert.equal(all.count, a.snapshot(now).count + b.snapshot(now).count + c.snapshot(now).count);
  for (const other of [merged(c, a, b), merged(merged(a, b), c), merged(a, merged(c, b))]) {
    assertSame(other.snapshot(now), all);
  }
  const one = new StatsStore();
  for (const seed of [1, 2, 3]) {
    for (let i = 0; i < 500; i += 1) {
      const at = START + ((i * 7919 * seed) % 600_000);
      one.record(at, (i * seed * 31) % 1000, i % (seed + 5) === 0, `/route/${(i + seed) % 9}`);
    }
  }
  assertSame(one.snapshot(now), all);
});

test("merging adds what was refused; a form survives a copy and is no view of the memory", () => {
  const a = new StatsStore();
  a.record(START, 5, false, "/a");
  a.record(START, -1, false);
  const bytes = a.toBytes();
  const copy = bytes.slice();
  a.record(START, 6, false);
  assert.deepEqual(bytes, copy);
  const b = new StatsStore();
  b.record(Number.NaN, 1, false);
  b.merge(new Uint8Array(structuredClone(bytes.buffer)));
  assert.equal(b.refused, 2);
  assert.equal(b.snapshot(START).count, 1);
});

test("hostile bytes throw stats/bytes and change nothing", () => {
  const stats = isolate(1);
  const now = START + 600_000;
  const before = stats.snapshot(now);
  const form = stats.toBytes();
  const other = new StatsStore({ windowMs: 60_000 });
  other.record(START, 1, false);
  const hostile: unknown[] = [
    undefined,
    null,
    "bytes",
    5,
    [...form],
    form.buffer,
    { length: form.length },
    new DataView(form.buffer),
    new Uint8Array(),
    new Uint8Array(1000),
    new Uint8Array(1000).fill(255),
    new Uint8Array(64 * 1024 * 1024 + 1),
    new Uint8Array([...form, 0]),
    form.slice(1),
    other.toBytes(),
  ];
  for (let cut = 0; cut < form.length; cut += 97) hostile.push(form.slice(0, cut));
  for (const bytes of hostile) assert.throws(() => stats.merge(bytes as Uint8Array), hasCode("stats/bytes"));
  assert.deepEqual(stats.snapshot(now), before);
  assert.equal(stats.resets, 0);
});

/** Forms of several stores, all with the same clock. */
function forms(): Uint8Array[] {
  const one = new StatsStore();
  one.record(START, 5, false, "/a");
  const unknown = new StatsStore({ series: 1 });
  for (const name of ["/größe", "/b", "/c"]) unknown.record(START, undefined, true, name);
  const late = new StatsStore();
  late.record(START, 1, false);
  for (let i = 0; i < 70; i += 1) late.record(START - 40_000, i * i, false, "/late");
  late.record(START, -1, false);
  const stores = [new StatsStore(), one, unknown, late, merged(one, late)];
  return stores.map((store) => store.toBytes());
}

test("every flip of a single bit is refused, and changes nothing", () => {
  const target = new StatsStore();
  target.record(START, 7, false, "/t");
  const before = target.toBytes();
  for (const form of forms()) {
    for (let bit = 0; bit < form.length * 8; bit += 1) {
      form[bit >> 3]! ^= 1 << (bit & 7);
      assert.throws(() => target.merge(form), hasCode("stats/bytes"), `bit ${bit}`);
      form[bit >> 3]! ^= 1 << (bit & 7);
    }
    new StatsStore().merge(form);
  }
  assert.deepEqual(target.toBytes(), before);
  assert.deepEqual([target.resets, target.refused], [0, 0]);
});

test("a store whose clock is ahead is refused and not adopted", () => {
  for (const ahead of [60_001, 3_600_000, START * 999, 8.64e15 - START]) {
    const [own, reader, peer] = [new StatsStore(), new StatsStore(), new StatsStore()];
    own.record(START, 1, false);
    reader.snapshot(START);
    peer.record(START + ahead, 1, false);
    for (const store of [own, reader]) {
      assert.throws(() => store.merge(peer.toBytes()), hasCode("stats/clock"));
      assert.equal(store.record(START - 899_000, 1, false), true);
    }
    assert.deepEqual([own.snapshot(START).count, reader.snapshot(START).count], [2, 1]);
  }
  const own = new StatsStore();
  own.record(START, 1, false);
  for (const ahead of [0, 1, 60_000]) {
    const peer = new StatsStore();
    peer.record(START + ahead, 1, false);
    own.merge(peer.toBytes());
  }
  assert.equal(own.snapshot(START + 60_000).count, 4);
});

test("one wrong time does no lasting harm: a snapshot at the true one makes it good", () => {
  for (const wrong of [START * 1000, 8.64e15, START + 3_600_000, START + 930_000]) {
    const stats = new StatsStore();
    stats.record(START, 1, false, "/a");
    stats.record(wrong, 1, false, "/a");
    assert.equal(stats.record(START + 1, 1, false, "/a"), false, "older than the window");
    const { count, sparkline } = stats.snapshot(START + 2);
    assert.deepEqual([count, sparkline.slots.at(-1), sparkline.seconds.at(-1)], [1, 1, 1]);
    for (let i = 3; i < 103; i += 1) assert.equal(stats.record(START + i, 1, false, "/a"), true);
    assert.equal(stats.snapshot(START + 103).count, 101);
    assert.equal(stats.refused, 1);
    assert.equal(stats.snapshot(START + 1_000_000).count, 0);
  }
  const stats = new StatsStore();
  stats.record(START, 1, false);
  for (const none of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 9e15]) stats.snapshot(none);
  assert.equal(stats.record(START - 900_001, 1, false), false, "these are no times");
});

test("a replaced instance loses the history and nothing else, and says so", () => {
  const stats = new StatsStore({ windowMs: 60_000, series: 1 });
  stats.record(START, 5, false, "/a");
  stats.record(START, -1, false);
  reset(epoch());
  assert.equal(stats.record(START, 7, false, "/b"), true);
  const { count, maxMs, series } = stats.snapshot(START);
  assert.deepEqual([count, maxMs, series[0]?.name], [1, 7, "/b"]);
  assert.deepEqual([stats.resets, stats.refused], [1, 1]);
  assert.equal(stats.record(START - 60_001, 1, false), false, "the options are kept");
});

test("a trap within a call is made good, once", () => {
  const stats = new StatsStore();
  stats.record(START, 5, false);
  trapNext("statsstore_record");
  assert.equal(stats.record(START, 6, false), true);
  assert.deepEqual([stats.snapshot(START).count, stats.resets], [1, 1]);
  trapNext("statsstore_record", undefined, 2);
  assert.throws(() => stats.record(START, 7, false), hasCode("core/failed"));
  assert.equal(stats.record(START, 8, false), true);
  assert.equal(stats.snapshot(START).maxMs, 8);
});

test("stores that nobody refers to give their memory back", async () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  const bytes = () => instance().memory.buffer.byteLength;
  const round = async () => {
    for (let i = 0; i < 20; i += 1) new StatsStore().record(START, 1, false);
    for (let i = 0; i < 3; i += 1) {
      gc();
      await settle();
    }
  };
  await round();
  const before = bytes();
  for (let i = 0; i < 10; i += 1) await round();
  // 200 stores took 300 MiB and more; what is alive at a time takes a tenth.
  assert.ok(bytes() - before < 64 * 1024 * 1024, `${before} → ${bytes()}`);
});

test("figures have four significant digits, none below a nanosecond, and a measured 0 reads 0", () => {
  const figures = (durations: readonly number[]) => {
    const stats = new StatsStore();
    for (const ms of durations) stats.record(START, ms, false, "/a");
    const { p50Ms, p90Ms, p95Ms, p99Ms, p999Ms, maxMs, meanMs, series } = stats.snapshot(START);
    const { p50Ms: ofRow, meanMs: meanOfRow } = series[0]!;
    assert.deepEqual([ofRow, meanOfRow], [p50Ms, meanMs]);
    return [p50Ms, p90Ms, p95Ms, p99Ms, p999Ms, maxMs, meanMs];
  };
  assert.deepEqual(figures([0]), [0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(figures([0, 0, 0, 8]).slice(0, 1), [0]);
  assert.deepEqual(figures(Array(1000).fill(0)), [0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(figures([1e-6]).slice(-2), [1e-6, 1e-6]);
  assert.deepEqual(figures([1 / 3, 2 / 3]).slice(-2), [0.6667, 0.5]);
  assert.deepEqual(figures([123_456.789]).slice(-2), [123_500, 123_500]);
  assert.deepEqual(figures([9999.96]).slice(-2), [10_000, 10_000]);
  assert.deepEqual(figures([0.000_123_45]).slice(-2), [0.000_123, 0.000_123]);
  assert.deepEqual(figures([0.012_345_6]).slice(-2), [0.01235, 0.01235]);
  assert.deepEqual(figures([Number.MAX_VALUE]).slice(-2), [Number.MAX_VALUE, Number.MAX_VALUE]);
  for (let n = 0; n < 500; n += 1) {
    const ms = 2 ** ((n * 13) % 40) * 1e-6 * (1 + n / 500);
    for (const figure of figures([ms, ms])) {
      assert.equal(Number((figure as number).toPrecision(4)), figure);
      assert.equal(Number((figure as number).toFixed(6)), figure);
      // Half of a bucket, half of the last digit, half of a nanosecond.
      assert.ok(Math.abs((figure as number) - ms) <= ms * 0.0061 + 0.5e-6, `${ms}: ${figure}`);
    }
  }
});

test("a timeline shows each slot, or minutes, of all requests or of one series", () => {
  const stats = new StatsStore();
  // Minute 0: 1 ms, 2 ms, 3 ms, 4 ms, one a slot; minute 1: one of 8 ms.
  for (const [slot, ms] of [1, 2, 3, 4, 8].entries())
    stats.record(START + slot * 15_000, ms, slot === 1, slot % 2 === 0 ? "/even" : "/odd");
  const now = START + 60_000;
  const slots = stats.timeline(now);
  assert.deepEqual(Object.keys(slots), ["startMs", "stepMs", "count", "errors", "p50Ms", "p95Ms", "p99Ms"]);
  assert.deepEqual([slots.startMs, slots.stepMs], [now - 59 * 15_000, 15_000]);
  for (const column of [slots.count, slots.errors, slots.p50Ms, slots.p95Ms, slots.p99Ms])
    assert.equal(column.length, 60);
  assert.deepEqual(slots.count.slice(-6), [0, 1, 1, 1, 1, 1]);
  assert.deepEqual(slots.errors.slice(-6), [0, 0, 1, 0, 0, 0]);
  const isNear = (ms: number | null | undefined, exact: number) =>
    Math.abs((ms as number) / exact - 1) < 0.01;
  assert.equal(slots.p99Ms.at(-6), null);
  for (const [at, exact] of [1, 2, 3, 4, 8].entries()) assert.ok(isNear(slots.p99Ms.slice(-5)[at], exact));
  const minutes = stats.timeline(now, { stepMs: 60_000 });
  assert.deepEqual(
    [minutes.startMs, minutes.stepMs, minutes.count.length],
    [START - 13 * 60_000, 60_000, 15],
  );
  assert.deepEqual(
    [minutes.count.slice(-3), minutes.errors.slice(-3)],
    [
      [0, 4, 1],
      [0, 1, 0],
    ],
  );
  assert.ok(isNear(minutes.p50Ms.at(-2), 2) && isNear(minutes.p99Ms.at(-2), 4));
  assert.equal(minutes.p99Ms.at(-3), null);
  const even = stats.timeline(now, { series: { kind: "REQ", name: "/even" }, stepMs: 60_000 });
  assert.deepEqual(even.count.slice(-2), [2, 1]);
  const none = stats.timeline(now, { series: { kind: "DB", name: "/even" } });
  assert.ok(none.count.every((count) => count === 0) && none.p50Ms.every((ms) => ms === null));
  assert.deepEqual(JSON.parse(JSON.stringify(slots)), slots);
});

test("a step is a number of slots that divides 60", () => {
  const stats = new StatsStore();
  for (const stepMs of [0, -15_000, 14_999, 22_500, 105_000, 1_800_000, Number.NaN, "60000"]) {
    assert.throws(
      () => stats.timeline(START, { stepMs: stepMs as number }),
      hasCode("stats/step"),
      `${stepMs}`,
    );
  }
  assert.equal(stats.timeline(START, { stepMs: 900_000 }).count.length, 1);
  assert.equal(new StatsStore({ windowMs: 60_000 }).timeline(START, { stepMs: 2000 }).count.length, 30);
});

test("a cleared store is empty and can be used again; its memory is given back at once, and only once", () => {
  const stats = new StatsStore();
  const bytes = () => instance().memory.buffer.byteLength;
  stats.record(START, 5, false);
  stats.clear();
  stats.clear();
  assert.equal(stats.snapshot(START).count, 0);
  stats.record(START, 5, false);
  assert.deepEqual([stats.snapshot(START).count, stats.resets], [1, 0]);
  // Its memory is of an instance that is gone: nothing may be freed.
  reset(epoch());
  stats.clear();
  assert.deepEqual([stats.snapshot(START).count, stats.resets], [0, 0]);
  stats.clear();
  const before = bytes();
  for (let n = 0; n < 200; n += 1) {
    const other = new StatsStore();
    other.record(START, 5, false);
    other.clear();
  }
  assert.ok(bytes() - before <= 4 * 1024 * 1024, `${bytes() - before} bytes more`);
});
