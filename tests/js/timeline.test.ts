// The figures of a collector over time.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SeriesKey } from "../../js/types/index.ts";
import { simulated } from "./_engine.ts";

const STEP = 15_000;
const zeros = new Array<number>(60).fill(0);

test("a timeline has the requests of each slot, and those of one series alone", async () => {
  const { tide, host } = simulated({});
  const start = host.nowMs;
  tide.req("/a", "GET", 200, start, 10);
  await host.advance(2 * STEP);
  tide.req("/a", "GET", 500, host.nowMs, 20);
  tide.req("/b", "GET", 200, host.nowMs);
  tide.fn("work", host.nowMs, 5);
  const newest = Math.floor(host.nowMs / STEP) * STEP;
  const all = tide.timeline();
  assert.deepEqual([all.startMs, all.stepMs, all.count.length], [newest - 59 * STEP, STEP, 60]);
  assert.deepEqual(
    [all.count.slice(-3), all.errors.slice(-3)],
    [
      [1, 0, 2],
      [0, 0, 1],
    ],
  );
  assert.deepEqual([all.p50Ms.at(-3), all.p50Ms.at(-2), all.p99Ms.at(-1)], [10, null, 20]);
  const of = (kind: SeriesKey["kind"], name: string) => tide.timeline({ kind, name }).count.slice(-3);
  assert.deepEqual(
    [of("REQ", "/a"), of("REQ", "/b"), of("FN", "work")],
    [
      [1, 0, 1],
      [0, 0, 1],
      [0, 0, 1],
    ],
  );
  assert.deepEqual(
    [of("DB", "/a"), of("_OTHER", "_OTHER")],
    [
      [0, 0, 0],
      [0, 0, 0],
    ],
  );
});

test("a series that is none has no events, and nothing throws", () => {
  const { tide } = simulated({});
  tide.req("/a", "GET", 200, 1_700_000_000_000, 10);
  const throwing = {
    get kind(): string {
      throw new Error("no");
    },
  };
  for (const series of [
    {},
    1,
    "REQ",
    { kind: "REQ" },
    { kind: "EVT", name: "/a" },
    { kind: {}, name: {} },
    throwing,
  ])
    assert.deepEqual(tide.timeline(series as unknown as SeriesKey).count, zeros);
});

test("without an engine the slots are those of now, and empty", () => {
  const { tide, host } = simulated(() => ({}), "workers");
  const { startMs, stepMs, count, errors, p50Ms, p95Ms, p99Ms } = tide.timeline();
  assert.deepEqual([startMs, stepMs], [Math.floor(host.nowMs / STEP - 59) * STEP, STEP]);
  assert.deepEqual([count, errors], [zeros, zeros]);
  for (const column of [p50Ms, p95Ms, p99Ms]) assert.deepEqual(column, new Array(60).fill(null));
});
