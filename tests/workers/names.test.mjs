// wrangler keeps the names of functions by a call for each function that is made: at the start, and again with each closure.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { bundle, serveFolder } from "../../tools/workerd.mjs";

/** Runs before the bundle takes `defineProperty` to give names by. */
const COUNT = `
const { defineProperty } = Object;
globalThis.names = 0;
Object.defineProperty = (target, key, value) => {
  if (key === "name") globalThis.names += 1;
  return defineProperty(target, key, value);
};`;

test("a request makes no closure that wrangler would give a name", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-names-"));
  await bundle(join(import.meta.dirname, "fixtures", "names.js"), folder, { banner: { js: COUNT } });
  const worker = await serveFolder(folder, { flags: ["nodejs_compat"] });
  try {
    assert.deepEqual(await (await fetch(worker.url)).json(), { request: 0, event: 0, span: 0 });
  } finally {
    await worker.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
