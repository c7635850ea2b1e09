/** What the first sentence of the dashboard makes of figures, and of how counters change while the page is open. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { History } from "../../js/dashboard/page/history.ts";
import { slotsOf } from "../../js/dashboard/page/state.ts";
import { verdictOf } from "../../js/dashboard/page/verdict.ts";
import type { Counters, SinkCounters } from "../../js/types/counters.ts";
import type { View } from "../../js/types/view.ts";
import { fixture } from "./_fixture.ts";

const NOW = 1_800_000_000_000;
const view = await fixture().view();
const sink = view.counters.sinks[0] as SinkCounters;
const plain = (text: string) => text.replaceAll("\u202f", " ");

const countersOf = (more: Partial<SinkCounters>): Counters => ({
  ...view.counters,
  sinks: [{ ...sink, queued: 0, inFlight: 0, ...more }],
});

/** The verdict after the page has seen `steps`, each so many ms after the first. */
function after(steps: [ms: number, sink: Partial<SinkCounters>][], more: Partial<View> = {}) {
  const history = new History();
  for (const [ms, change] of steps) history.add(NOW + ms, countersOf(change));
  const { level, headline, others } = verdictOf({ ...view, ...more }, history.changes());
  return [level, plain(headline), ...others.map((problem) => `${problem.level}: ${plain(problem.text)}`)];
}

test("what was lost before the page was opened is a note, what is lost now a warning", () => {
  const lost = (overflow: number) => ({ dropped: { ...sink.dropped, overflow } });
  assert.deepEqual(after([[0, lost(0)]]), ["ok", "All is well."]);
  assert.deepEqual(
    after([
      [0, lost(7)],
      [60_000, lost(7)],
    ]),
    ["ok", "All is well.", "note: Sink “otlp-traces” lost 7 events since the start."],
  );
  assert.deepEqual(
    after([
      [0, lost(7)],
      [30_000, lost(1007)],
    ]),
    ["warn", "Sink “otlp-traces” loses events: 1,000 in the last 30 s."],
  );
  // A minute later it is over.
  assert.deepEqual(
    after([
      [0, lost(7)],
      [30_000, lost(1007)],
      [90_001, lost(1007)],
    ])[0],
    "ok",
  );
});

test("a sink that delivers nothing while events wait is told after 20 s", () => {
  const waiting = { delivered: 5, queued: 1 };
  assert.equal(
    after([
      [0, waiting],
      [19_000, waiting],
    ])[0],
    "ok",
  );
  assert.deepEqual(
    after([
      [0, waiting],
      [20_000, waiting],
    ]),
    ["warn", "Sink “otlp-traces” has delivered nothing for 20 s; 1 event waits."],
  );
  assert.equal(
    after([
      [0, waiting],
      [20_000, { ...waiting, delivered: 6 }],
    ])[0],
    "ok",
  );
  assert.deepEqual(after([[0, { ...waiting, disabled: true }]]), [
    "bad",
    "Sink “otlp-traces” is disabled: it failed too often.",
  ]);
});

test("the worst is the headline, the others follow by weight", () => {
  const found = after([[0, { disabled: true }]], {
    staleMs: 21_000,
    stats: { ...view.stats, errorPct: 3 },
    counters: { ...view.counters, coreResets: 1 },
  });
  assert.deepEqual(found, [
    "bad",
    "Sink “otlp-traces” is disabled: it failed too often.",
    "warn: 3 % of requests fail.",
    "warn: The newest figures are 21 s old.",
    "note: The engine was replaced 1 time after a failure.",
  ]);
});

test("an alarm of errors says what the share of errors would say", () => {
  const alarm = {
    name: "errors",
    kind: "errors",
    active: true,
    sinceMs: NOW,
    value: 7,
    threshold: 5,
  } as const;
  const stats = { ...view.stats, errorPct: 7 };
  assert.deepEqual(after([], { stats }), ["bad", "7 % of requests fail."]);
  assert.deepEqual(after([], { stats, alarms: [alarm], nowMs: NOW + 60_000 }), [
    "bad",
    "Alarm “errors” has been on for 60 s: errors 7 %, limit 5 %.",
  ]);
  assert.deepEqual(after([], { stats, alarms: [{ ...alarm, active: false }] })[1], "7 % of requests fail.");
});

test("an alarm of silence counts requests; a service that was never asked is not one that is silent", () => {
  const alarm = {
    name: "quiet",
    kind: "silence",
    active: true,
    sinceMs: NOW,
    value: 3,
    threshold: 5,
  } as const;
  assert.deepEqual(
    after([], { alarms: [alarm], nowMs: NOW + 300_000 })[1],
    "Alarm “quiet” has been on for 5 min: requests a minute 3, limit 5.",
  );
  const stats = { ...view.stats, count: 0, errorPct: 0 };
  const [timeline, counters] = [{ ...view.timeline, count: [] }, view.counters];
  assert.deepEqual(after([], { stats, timeline }), ["ok", "No requests in the last 15 minutes."]);
  assert.deepEqual(after([], { stats, timeline, counters: { ...counters, emitted: 0 } }), [
    "ok",
    "No requests yet.",
  ]);
});

test("p95 is compared only where there are requests enough on both sides", () => {
  const { timeline } = view;
  const slow = timeline.p95Ms.map((_, at) => (at >= 52 ? 300 : 50));
  const of = (count: number[]) => after([], { timeline: { ...timeline, count, p95Ms: slow } })[0];
  assert.equal(of(Array(60).fill(10)), "warn");
  assert.equal(of(timeline.count.map((_, at) => (at >= 52 ? 2 : 10))), "ok");
  assert.equal(of(timeline.count.map((_, at) => (at >= 52 ? 10 : 0))), "ok");
});

test("the rate of a slot that is not over is that of the part that has passed", () => {
  const timeline = {
    startMs: NOW,
    stepMs: 15_000,
    count: [30, 30],
    errors: [0, 0],
    p50Ms: [],
    p95Ms: [],
    p99Ms: [],
  };
  const seconds = (ms: number) => slotsOf(timeline, NOW + ms).map((slot) => slot.seconds);
  assert.deepEqual(seconds(30_000), [15, 15]);
  assert.deepEqual(seconds(25_000), [15, 10]);
  assert.deepEqual(seconds(16_000), [15, null]);
});

test("two sinks of one name are two sinks", () => {
  const history = new History();
  const sinks = [
    { ...sink, queued: 0, inFlight: 0 },
    { ...sink, queued: 0, inFlight: 0, dropped: { ...sink.dropped, overflow: 1000 } },
  ];
  for (const ms of [0, 30_000]) history.add(NOW + ms, { ...view.counters, sinks });
  assert.deepEqual(
    history.changes().map(({ lost }) => lost),
    [0, 0],
  );
});
