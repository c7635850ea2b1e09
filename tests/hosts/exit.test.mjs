// process.exit() and errors that nobody catches end a process at once. README has the line that sends what waits.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { which } from "../../tools/env.mjs";
import { startReceiver } from "../../tools/receiver.mjs";

const script = fileURLToPath(new URL("_exit.mjs", import.meta.url));
const programs = {
  Node: [process.execPath],
  Deno: [which("deno"), "run", "--no-prompt", "--allow-net"],
  Bun: [which("bun")],
};
/** The exit code, and how many of the three events arrive. */
const WAYS = {
  exit: [3, 0],
  "exit after close": [3, 3],
  uncaught: [1, 0],
  "uncaught with the line": [1, 3],
  rejected: [1, 0],
  "rejected with the line": [1, 3],
};

for (const [name, [program, ...args]] of Object.entries(programs)) {
  for (const [way, [code, count]] of Object.entries(WAYS)) {
    // Deno has no `uncaughtException` for a rejection that nobody handles. Bun ends as if it was done, and flushes.
    if (name !== "Node" && way.startsWith("rejected")) continue;
    test(`${name}, ${way}: ${count} of 3 events arrive`, async () => {
      const receiver = await startReceiver();
      const child = spawn(program, [...args, script, receiver.url, way], { stdio: "ignore" });
      const [exit] = await once(child, "close");
      await receiver.stop();
      assert.equal(exit, code);
      assert.equal(receiver.store.events.length, count);
    });
  }
}
