// The built package in bare workerd, as any user's Worker would have it.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { version } from "workerd";
import { bundle, startWorkerd } from "../../tools/workerd.mjs";
import { onStage } from "../faults/_stage.mjs";
import { layOut, suite, vectors } from "./_host.mjs";

test("it starts at global scope: nothing there is disallowed", async () => {
  // workerd would have refused to start; the log must be clean as well.
  await onStage({}, async ({ worker, send }) => {
    assert.equal(await send("/a"), 200);
    assert.doesNotMatch(worker.log, /Disallowed operation/);
    assert.doesNotMatch(worker.log, /error|warning/i);
  });
});

test("no top-level await is in the bundle", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-bundle-"));
  const fixture = fileURLToPath(new URL("../faults/fixtures/worker.js", import.meta.url));
  // esbuild refuses what it is told the target lacks.
  await bundle(fixture, folder, { supported: { "top-level-await": false } });
  rmSync(folder, { recursive: true });
});

test("before the first request there are zeros, and the first request is the first event", async () => {
  await onStage({}, async ({ debug, send, everythingArrives, receiver }) => {
    const { counters, stats } = await debug();
    assert.equal(counters.accepted, 0);
    assert.equal(stats.count, 0);
    assert.equal(stats.p50Ms, null);
    await send("/first");
    await everythingArrives();
    const [first] = receiver.store.events;
    assert.equal(first.kind, "REQ");
    assert.equal(first.route, "/first");
    assert.equal(first.method, "GET");
    assert.equal(first.status, 200);
    assert.equal(first.p, 1);
    assert.match(first.trace_id, /^[0-9a-f]{32}$/);
    assert.match(first.span_id, /^[0-9a-f]{16}$/);
    assert.ok(Math.abs(Date.now() - first.ts) < 60_000);
  });
});

test("children carry the trace of their request", async () => {
  await onStage({}, async ({ send, everythingArrives, receiver }) => {
    await send("/parent?events=3");
    await everythingArrives();
    const parent = receiver.store.events.find(({ route }) => route === "/parent");
    const children = receiver.store.events.filter(({ kind }) => kind === "EVT");
    assert.equal(children.length, 3);
    for (const child of children) {
      assert.equal(child.trace_id, parent.trace_id);
      assert.equal(child.parent_id, parent.span_id);
    }
  });
});

test("stats and sampling can be made at global scope; only a draw without a seed waits for a request", async () => {
  const { early, now, count, excluded } = await askWorker("global", "/global");
  assert.deepEqual([early.seeded, now.seeded], vectors.cases[0].draws.slice(0, 2));
  assert.match(String(early.unseeded), /global scope/);
  assert.ok(now.unseeded >= 0 && now.unseeded < 1);
  assert.deepEqual([count, excluded], [1, true]);
});

suite(`workerd ${version}`, () => askWorker("workerd", "/"));

async function askWorker(name, path) {
  const worker = await startWorkerd(join(layOut(name), "tests", "runtime", "_worker.js"));
  try {
    return await (await fetch(worker.url + path)).json();
  } finally {
    await worker.stop();
  }
}
