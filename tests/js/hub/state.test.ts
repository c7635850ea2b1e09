import assert from "node:assert/strict";
import { test } from "node:test";
import { pushOf } from "../../../js/hub/figures/push.ts";
import { countersOf } from "../../../js/hub/figures/tally.ts";
import { checkedOptions } from "../../../js/hub/object/options.ts";
import { State } from "../../../js/hub/object/state.ts";
import { prometheusText } from "../../../js/hub/read/prometheus.ts";
import { Whole } from "../../../js/hub/read/whole.ts";
import type { BytesSink, SendInfo } from "../../../js/types/index.ts";
import { simulated, trapNext } from "../_engine.ts";

interface Push {
  readonly bytes: Uint8Array;
  readonly batchId: string;
  readonly atMs: number;
}

/** A collector of the real engine, and what it pushes. */
function pushing() {
  const pushes: Push[] = [];
  const sink: BytesSink = {
    name: "hub",
    format: "stats",
    send(bytes: Uint8Array, { batchId }: SendInfo) {
      pushes.push({ bytes, batchId, atMs: made.host.nowMs });
    },
  };
  const made = simulated({ service: { name: "shop", version: "1.0.0" }, sinks: [sink] });
  return { ...made, pushes };
}

const stateOf = (pushes: readonly Push[]): State => {
  const state = new State(checkedOptions({}));
  for (const { bytes, batchId, atMs } of pushes) state.add(pushOf(bytes, batchId), atMs);
  return state;
};

/** What a scrape at `nowMs` would read. */
function scraped(state: State, nowMs: number): Map<string, number> {
  const shard = state.service.toBytes({ nowMs, isolates: { live: 1, maxSkewMs: 0 }, rules: [], alarms: [] });
  const lines = prometheusText(new Whole([shard]), false).split("\n");
  const samples = lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(/ (?=\S+$)/));
  return new Map(samples.map(([name, value]) => [name as string, Number(value)]));
}

test("pushes of the engine add up to what its collector knows, and so does the stored state", async () => {
  const { tide, host, pushes } = pushing();
  const orders = tide.counter("orders", { unit: "{order}" });
  for (let n = 0; n < 500; n += 1) {
    tide.req(`/route/${n % 7}`, "GET", n % 50 === 0 ? 500 : 200, host.nowMs - 10, 1 + (n % 97));
    tide.db("select a from b", host.nowMs - 5, 2);
    orders.add(2, { plan: n % 2 === 0 ? "pro" : "free" });
    if (n % 100 === 0) tide.recordException(new TypeError(`number ${n}`));
    if (n % 60 === 0) await host.advance(7000);
  }
  await tide.flush();
  const state = stateOf(pushes);
  const again = new State(checkedOptions({}));
  again.restore(state.toBytes());
  for (const { service } of [state, again]) {
    assert.deepEqual(service.window.stats(host.nowMs), tide.stats());
    assert.deepEqual(service.window.timeline(host.nowMs), tide.timeline());
    assert.deepEqual(
      service.metrics.series().filter(({ name }) => name === "orders"),
      tide.metrics(),
    );
    const { sinks, accepted } = countersOf(service.tally);
    assert.deepEqual(
      [accepted, sinks[0]?.inFlight, sinks[0]?.delivered],
      [tide.counters().accepted, 0, tide.counters().sinks[0]?.delivered],
    );
    assert.deepEqual(
      service.exceptions.map(({ type, message }) => [type, message]),
      [0, 100, 200, 300, 400].map((n) => ["TypeError", `number ${n}`]),
    );
    assert.deepEqual([service.name, [...service.versions.keys()]], ["shop", ["1.0.0"]]);
  }
  assert.deepEqual(again.toBytes(), state.toBytes());
});

test("when the engine fails no counter falls, and what the hub loses with it is read again", async () => {
  const { tide, host, pushes } = pushing();
  let before = new Map<string, number>();
  for (let round = 0; round < 5; round += 1) {
    for (let n = 0; n < 20; n += 1) tide.req("/", "GET", 200, host.nowMs, 20 * n);
    await tide.flush();
    const state = stateOf(pushes);
    const now = scraped(state, host.nowMs);
    for (const [name, value] of before) {
      if (/_(total|bucket|count|sum)[ {]?/.test(name)) assert.ok((now.get(name) ?? -1) >= value, name);
    }
    before = now;
    assert.equal(now.get("tidegate_core_resets_total"), round);
    assert.equal(now.get('tidegate_window_events{kind="ALL",name="ALL"}'), 20 * (round + 1));
    // More than the ten seconds in which a second failure would end the collector.
    await host.advance(20_000);
    trapNext("engine_stats");
    tide.stats();
    assert.equal(state.service.window.stats(host.nowMs).count, 0);
    assert.ok(state.service.isLost);
    assert.equal(stateOf(pushes).service.window.stats(host.nowMs).count, 20 * (round + 1));
  }
  assert.equal(new Set(pushes.map(({ batchId }) => batchId.slice(0, 16))).size, 5);
});

test("after the clock of the hub was ahead for a moment, minutes and ages are right again", async () => {
  const { tide, host, pushes } = pushing();
  const state = new State(checkedOptions({}));
  const minuteAt = async (aheadMs: number) => {
    for (let n = 0; n < 6; n += 1) {
      tide.req("/", "GET", 200, host.nowMs, 5);
      await host.advance(10_000);
      await tide.flush();
      const { bytes, batchId } = pushes.at(-1) as Push;
      state.add(pushOf(bytes, batchId), host.nowMs + aheadMs);
      state.age(host.nowMs + aheadMs);
    }
  };
  const counts = () => {
    const minutes = state.service.day.minutes(state.service.window, host.nowMs);
    return minutes.map(({ count }) => count).filter((count) => count === 6);
  };
  for (let minute = 0; minute < 20; minute += 1) await minuteAt(0);
  assert.ok(counts().length >= 19);
  await minuteAt(3 * 3_600_000);
  for (let minute = 0; minute < 20; minute += 1) await minuteAt(0);
  // Of before, those that had left the window by then.
  assert.ok(counts().length >= 19 + 6, String(counts().length));
  assert.ok(state.service.lastMs <= host.nowMs);
});
