// The main job at size: ten thousand requests, 64 at a time, through worker-example with D1 under wrangler.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { root } from "../../tools/env.mjs";

test("10 000 requests at concurrency 64: all accepted is received, no context mixed, few subrequests", async () => {
  const demo = join(root, "scripts", "demo.mjs");
  const args = [demo, "--check", "--requests", "10000", "--concurrency", "64"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 24 });
  const line = stdout.trimEnd().split("\n").at(-1);
  const { requests, accepted, received, lost, mixed, subrequests } = JSON.parse(line);
  assert.deepEqual({ requests, lost, mixed }, { requests: 10_000, lost: 0, mixed: 0 });
  assert.ok(received === accepted && accepted > 5000);
  assert.ok(subrequests <= requests / 20);
  console.log(line);
});
