// Exceptions with messages and stacks of 1 MB: what is kept of them is bounded. `npm run bench -- --exceptions` plays 100 000.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../tools/env.mjs";
import { linkPackage } from "../../tools/workerd.mjs";

linkPackage(join(root, "benches"));
const { huge } = await import("../../benches/exceptions.mjs");

const COUNT = 500;

test(`${COUNT} exceptions with 2 MB of text each: all are counted, and few bytes kept`, async () => {
  const found = await huge(COUNT);
  console.log(JSON.stringify(found));
  assert.equal(found.emitted, COUNT);
  // The message and the stack of each are cut.
  assert.equal(found.truncated, 2 * COUNT);
  // In the queue are as many as `queueBytes` allows, at most 5 KiB each; the others are counted.
  assert.ok(found.overflow >= COUNT - 256, `${found.overflow} overflowed`);
  assert.ok(found.keptKb < 4096, `${found.keptKb} KB are kept`);
});
