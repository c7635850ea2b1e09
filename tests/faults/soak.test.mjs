// npm run soak, for a few seconds.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

test("under load, with clients that leave and a sink that fails, no event is lost", async () => {
  const program = join(import.meta.dirname, "_soak.mjs");
  const { stdout } = await promisify(execFile)(process.execPath, [program, "--seconds", "4"]);
  const { requests, accepted, received, failedPosts, aborted } = JSON.parse(stdout);
  assert.ok(requests > 200 && aborted > 0 && failedPosts > 0, stdout);
  assert.equal(received, accepted);
});
