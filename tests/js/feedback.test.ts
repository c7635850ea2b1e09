/** Programs that record whenever something is sent: one call never sends without end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { type Collector, consoleSink, createCollector } from "../../js/index.ts";
import type { CollectorOptions, Sink } from "../../js/types/index.ts";
import { assertLaws, type SimulatedHost, simulated } from "./_engine.ts";

const emit = (tide: Collector, count: number) => {
  for (let n = 0; n < count; n += 1) tide.evt("first");
};

type Answer = ReturnType<Sink["send"]>;

/** A sink that counts the events it is given, and fails the test if they have no end. */
function counting(answer: (tide: Collector) => Answer, more: object = {}) {
  const state = { events: 0, tide: undefined as Collector | undefined };
  const sink = {
    name: "counting",
    format: "ndjson",
    ...more,
    send(_bytes: Uint8Array, { count }: { count: number }) {
      state.events += count;
      assert.ok(state.events < 5000, "endless");
      return answer(state.tide as Collector);
    },
  } as Sink;
  return { state, sink };
}

const record = (tide: Collector) => tide.evt("meanwhile");

/** Records, does `more`, and answers. */
function recordAnd(answer: Awaited<Answer>, more: (tide: Collector) => unknown = () => {}) {
  return (tide: Collector): Answer => {
    record(tide);
    more(tide);
    return answer;
  };
}

/** What runs in one tick, with `count` events waiting. */
function tickOnce(
  options: (sink: Sink) => CollectorOptions,
  answer: (tide: Collector) => Answer,
  count: number,
) {
  const { state, sink } = counting(answer);
  const { tide, host } = simulated({ autoTick: false, ...options(sink) });
  state.tide = tide;
  return {
    tide,
    host,
    state,
    tick: () => {
      emit(tide, count);
      return tide.tick(host.nowMs + 10_000);
    },
  };
}

const OPTIONS: [string, (sink: Sink) => CollectorOptions][] = [
  ["batches of one", (sink) => ({ sinks: [sink], batchMax: 1 })],
  ["flushIntervalMs: 0", (sink) => ({ sinks: [sink], flushIntervalMs: 0 })],
  ["two sinks", (sink) => ({ sinks: [sink, { ...sink, name: "other" } as Sink], batchMax: 1 })],
  ["full batches", (sink) => ({ sinks: [sink], batchMax: 3 })],
];
const ANSWERS: [string, (tide: Collector) => Answer][] = [
  ["ok", recordAnd("ok")],
  ["retry", recordAnd({ retryAfterMs: 1e-9 })],
  ["retry at once", recordAnd({ retryAfterMs: 0 })],
  ["fatal", recordAnd("fatal")],
  ["too-large", recordAnd("too-large")],
  ["ticks too", recordAnd("ok", (tide) => tide.tick())],
  ["flushes too", recordAnd("ok", (tide) => tide.flush())],
];

test("a sink that records is sent what had been recorded before the tick", () => {
  for (const [name, options] of OPTIONS) {
    const { state, tick, tide } = tickOnce(options, ANSWERS[0]![1], 12);
    assert.equal(tick(), 0, "the rest is due at the next tick");
    const sinks = tide.counters().sinks.length;
    assert.equal(state.events, 12 * sinks, name);
    assertLaws(tide);
  }
});

test("whatever such a sink answers, a tick ends", () => {
  for (const [name, options] of OPTIONS) {
    for (const [answer, send] of ANSWERS) {
      const { tide, tick, state } = tickOnce((sink) => ({ ...options(sink), retryBaseMs: 1 }), send, 12);
      tick();
      assertLaws(tide);
      assert.ok(state.events < 1000, `${name}, ${answer}: ${state.events}`);
    }
  }
});

test("listeners that record, tick and flush do not keep a tick running", () => {
  const listeners: [string, (tide: Collector) => unknown][] = [
    ["record", record],
    ["record and tick", recordAnd("ok", (tide) => tide.tick())],
    ["record and flush", recordAnd("ok", (tide) => tide.flush())],
  ];
  for (const [name, listen] of listeners) {
    for (const type of ["flush", "drop", "sink-disabled"] as const) {
      for (const answer of ["ok", "too-large", "fatal", "retry"] as const) {
        const options = (sink: Sink) => ({ sinks: [sink], batchMax: 1, queueSize: 20, flushIntervalMs: 0 });
        const { tide, tick, state } = tickOnce(options, () => answer, 100);
        tide.on(type, () => listen(tide));
        tick();
        assert.ok(state.events <= 1000, `${name} ${type} ${answer}: ${state.events}`);
        assertLaws(tide);
      }
    }
  }
});

test("a flush sends what was queued when it was called", async () => {
  for (const isAsync of [false, true]) {
    const { state, sink } = counting((tide) => {
      record(tide);
      return isAsync ? Promise.resolve("ok" as const) : "ok";
    });
    const { tide } = simulated({ sinks: [sink], batchMax: 1 });
    state.tide = tide;
    emit(tide, 7);
    assert.deepEqual(await tide.flush(), { delivered: 7, remaining: 7, dropped: 0, timedOut: false });
    assert.equal(state.events, 7);
  }
});

/** Ends when the event loop has turned, and says what had been sent by then. */
async function turns(tide: Collector, host: SimulatedHost, sent: () => number): Promise<number> {
  emit(tide, 300);
  void host.advance(1000);
  await setImmediate();
  return sent();
}

test("a console bridge beside consoleSink leaves the event loop its turn", async (t) => {
  let lines = 0;
  const { tide, host } = simulated({ sinks: [consoleSink()] });
  t.mock.method(console, "log", () => {
    lines += 1;
    assert.ok(lines < 5000, "endless");
    tide.evt("log");
  });
  const first = await turns(tide, host, () => lines);
  assert.equal(first, 300);
  tide.close();
});

test("the real event loop turns between the sends of a program that feeds itself", async () => {
  const sinks: ((tide: () => Collector) => Sink)[] = [
    (tide) => ({ name: "sync", format: "events", send: () => tide().evt("f") }) as Sink,
    (tide) => ({ name: "async", format: "events", send: async () => tide().evt("f") }) as Sink,
  ];
  for (const make of sinks) {
    const tide: Collector = createCollector({
      sinks: [make(() => tide)],
      batchMax: 1,
      flushIntervalMs: 0,
      handleSignals: false,
    });
    tide.on("flush", () => tide.evt("g"));
    tide.evt("first");
    // Would never come back.
    for (let turn = 0; turn < 20; turn += 1) await setImmediate();
    assertLaws(tide);
    await tide.close({ timeoutMs: 0 });
  }
});
