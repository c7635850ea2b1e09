// The hub is out of reach for half an hour, and so is the clock of an isolate: what comes late, and what does not come.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Whole } from "../../js/hub/read/whole.ts";
import { Hub } from "../../js/hub.ts";
import { simulated } from "../js/_engine.ts";
import { simulatedHub } from "./_host.mjs";

const MINUTE = 60_000;
const sum = (numbers) => numbers.reduce((all, number) => all + number, 0);

/** An isolate with a request every 5 s, and its hub, whose clock is `aheadMs` before that of the isolate. */
async function running(aheadMs) {
  const hub = await simulatedHub(Hub);
  const state = { isAway: false };
  const send = async (bytes, { batchId }) => {
    if (state.isAway) return "retry";
    await hub.setClock(host.nowMs + aheadMs);
    return (await hub.push({ bytes, batchId })) === 200 ? "ok" : "fatal";
  };
  const sinks = [{ name: "hub", format: "stats", intervalMs: 5000, send }];
  const { tide, host } = simulated({
    maxConsecutiveSinkFailures: Number.POSITIVE_INFINITY,
    log: false,
    sinks,
  });
  const orders = tide.counter("orders");
  const pass = async (minutes) => {
    for (let n = 0; n < minutes * 12; n += 1) {
      tide.req("/", "GET", 200, host.nowMs, 5);
      orders.add(1);
      await host.advance(5000);
    }
    await tide.flush();
  };
  const counts = async () => {
    const { day, metrics, counters } = new Whole([await hub.read()]).view();
    return [sum(day.count), metrics[0].value, counters.accepted];
  };
  return { state, pass, counts };
}

test("a hub that was away for 30 minutes has all counters and metrics, and the last 15 minutes of the others", async () => {
  const { state, pass, counts } = await running(0);
  await pass(5);
  state.isAway = true;
  await pass(30);
  state.isAway = false;
  await pass(5);
  const [day, orders, accepted] = await counts();
  assert.deepEqual([orders, accepted], [40 * 12, 40 * 12]);
  assert.ok(day >= 22 * 12 && day <= 25 * 12, String(day));
});

test("of an isolate whose clock is 20 minutes behind counters and metrics count, and figures by minute do not", async () => {
  const { pass, counts } = await running(20 * MINUTE);
  await pass(5);
  assert.deepEqual(await counts(), [0, 60, 60]);
});
