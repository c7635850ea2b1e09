// The storage fails in the middle of anything: what was acknowledged is there once, and the hub goes on by itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Whole } from "../../js/hub/read/whole.ts";
import { Hub } from "../../js/hub.ts";
import { makeRng } from "../../js/sampling.ts";
import { simulated } from "../js/_engine.ts";
import { simulatedHub } from "./_host.mjs";

const random = makeRng({ seed: 3 });
const ROUNDS = 200;

/** An isolate whose pushes wait in `pushes`. */
function isolate() {
  const pushes = [];
  const send = (bytes, { batchId }) => void pushes.push({ bytes: Buffer.from(bytes), batchId });
  return { ...simulated({ sinks: [{ name: "hub", format: "stats", send }] }), pushes };
}

test("every push that is answered with 200 counts once, whatever fails, and an alarm stays set", async () => {
  let share = 0;
  const fault = () => {
    if (random() < share) throw new Error("the storage fails");
  };
  const hub = await simulatedHub(Hub, { alarms: [{ kind: "silence" }] }, fault);
  const isolates = Array.from({ length: 4 }, isolate);
  const [{ host }] = isolates;
  const failed = { pushes: 0, alarms: 0 };
  let waiting = [];
  const push = async (one) => {
    const status = await hub.push(one).catch(() => 0);
    failed.pushes += status === 200 ? 0 : 1;
    return status === 200;
  };
  for (let round = 1; round <= ROUNDS; round += 1) {
    share = round % 4 === 0 ? 0.1 : 0;
    for (const { tide, host: own, pushes } of isolates) {
      tide.req("/", "GET", 200, own.nowMs, 5);
      await tide.flush();
      waiting.push(...pushes.splice(0));
      await own.advance(1000);
    }
    await hub.setClock(host.nowMs);
    const left = [];
    for (const one of waiting) if (!(await push(one))) left.push(one);
    waiting = left;
    if (round % 8 > 0) continue;
    await hub.alarm().catch(() => {
      failed.alarms += 1;
    });
    assert.ok((await hub.dueMs()) !== null, `after round ${round} no alarm is set`);
  }
  share = 0;
  for (const one of waiting) assert.ok(await push(one));
  const { stats, counters } = new Whole([await hub.read()]).view();
  assert.deepEqual([stats.count, counters.accepted], [4 * ROUNDS, 4 * ROUNDS]);
  assert.ok(failed.pushes > 20, `only ${failed.pushes} failed`);
  assert.equal(failed.alarms, 0, "an alarm that fails is set again, and not left to the platform");
});
