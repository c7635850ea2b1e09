// The engine fails under the hub: in its process any collector may be the cause. What was in memory is read again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Whole } from "../../js/hub/read/whole.ts";
import { Hub } from "../../js/hub.ts";
import { simulated, trapNext } from "../js/_engine.ts";
import { simulatedHub } from "./_host.mjs";

/** A hub that has had `count` requests of a collector, and the collector. */
async function pushed(count) {
  const hub = await simulatedHub(Hub, { alarms: [{ kind: "silence" }] });
  const push = (bytes, { batchId }) => hub.push({ bytes, batchId });
  const sink = {
    name: "hub",
    format: "stats",
    send: async (...args) => ((await push(...args)) === 200 ? "ok" : "retry"),
  };
  const { tide, host } = simulated({ sinks: [sink] });
  const add = async (more) => {
    await hub.setClock(host.nowMs);
    for (let n = 0; n < more; n += 1) tide.req("/", "GET", 200, host.nowMs, 5);
    await tide.flush();
  };
  await add(count);
  const fail = async () => {
    // Two failures within ten seconds would end the collector.
    await host.advance(20_000);
    await hub.setClock(host.nowMs);
    trapNext("engine_stats");
    tide.stats();
  };
  const read = async () => new Whole([await hub.read()]).stats().count;
  return { hub, add, fail, read };
}

test("a reader, a checkpoint and a push after the failure find everything", async () => {
  const { hub, add, fail, read } = await pushed(10);
  assert.equal(await read(), 10);
  await fail();
  assert.equal(await read(), 10, "read after the failure");
  await fail();
  await hub.alarm();
  assert.equal(await read(), 10, "a checkpoint after the failure");
  await fail();
  await add(5);
  assert.equal(await read(), 15, "a push after the failure");
});
