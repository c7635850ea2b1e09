// Deno.serve and Bun.serve with answers that are no responses, and a WebSocket of Bun, which is answered with none.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { root, which } from "../../tools/env.mjs";

const script = join(root, "tests", "hosts", "_answers.mjs");
const hosts = { Deno: ["deno", "run", "--no-prompt", "--allow-net", "--allow-env"], Bun: ["bun"] };

for (const [name, [program, ...args]] of Object.entries(hosts)) {
  test(`${name}: an answer that is no response is an error, and the client gets what it would get bare`, () => {
    const output = execFileSync(which(program), [...args, script], { encoding: "utf8", stdio: "pipe" });
    const { statuses, events } = JSON.parse(output.trim().split("\n").at(-1));
    for (const [answer, [bare, measured]] of Object.entries(statuses)) {
      assert.equal(measured, bare, answer);
      const [, status, error] = events.find(([route]) => route === answer);
      const expected = answer === "fine" ? [201, null] : [500, "TypeError"];
      assert.deepEqual([status, error], expected, answer);
    }
    const sockets = events.filter(([route]) => route === "/socket");
    const upgraded = [
      ["/socket", 101, null],
      ["/socket", 426, null],
    ];
    assert.deepEqual(sockets, name === "Bun" ? upgraded : []);
  });
}
