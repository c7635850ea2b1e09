// A reader merges the shards anew for each view. What it takes for that it gives back at once, not when garbage is collected.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { withHub } from "./_hub.mjs";
import { makeIsolate } from "./_isolate.mjs";

const VIEWS = 300;
const MIB = 1024;

const residentKib = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]);

test(`${VIEWS} views take no more memory than a few`, async () => {
  await withHub({ shards: 2 }, async (hub) => {
    for (let n = 1; n <= 8; n += 1) {
      const isolate = makeIsolate(n * 0x1234_5678, { version: `${n % 4}` });
      for (let request = 0; request < 50; request += 1) isolate.req(`/${request}`, Date.now(), request + 1);
      assert.equal(await hub.push(isolate.cut(Date.now())), 200);
    }
    for (let n = 0; n < 20; n += 1) await hub.view();
    const before = residentKib(hub.worker.pid);
    for (let n = 0; n < VIEWS; n += 1) assert.equal((await hub.view()).stats.count, 400);
    const grown = (residentKib(hub.worker.pid) - before) / MIB;
    console.log(`${VIEWS} views: ${grown.toFixed(1)} MiB more`);
    assert.ok(grown < 32, `${grown} MiB more`);
  });
});
