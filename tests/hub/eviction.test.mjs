// An object that nobody asks is evicted by the platform, for it holds nothing that would keep it; it then finds everything.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { withHub } from "./_hub.mjs";
import { makeIsolate } from "./_isolate.mjs";

/** workerd evicts an idle object after ten seconds. */
const EVICTED_MS = 14_000;
const STILL_THERE_MS = 3000;

test("it is evicted when nothing comes, with an alarm set, and has all figures when it is asked again", async () => {
  await withHub({ alarms: [{ kind: "silence" }] }, async (hub) => {
    const isolate = makeIsolate(1);
    isolate.req("/", Date.now(), 5);
    const first = isolate.cut(Date.now());
    assert.equal(await hub.push(first), 200);
    await sleep(STILL_THERE_MS);
    assert.equal((await hub.view()).stats.count, 1);
    assert.equal(await hub.started(), 1, "the control: not evicted yet");
    await sleep(EVICTED_MS);
    assert.equal(await hub.push(first), 200, "it knows that it has it");
    assert.ok((await hub.started()) > 1, "it was evicted and constructed anew");
    assert.equal((await hub.view()).stats.count, 1);
  });
});
