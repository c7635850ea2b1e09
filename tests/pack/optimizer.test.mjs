// What an optimizing compiler makes of the shim: values of every kind through every call, until all of it is compiled.
// V8 of Node 20 once made of it a program that crashed the process; no answer of ours would have told.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../tools/env.mjs";
import { install, nodes } from "./_install.mjs";

const folder = install();
cpSync(join(root, "tests", "pack", "_mixed.js"), join(folder, "_mixed.mjs"));

for (const node of nodes) {
  const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
  test(`Node ${version} outlives mixed values, and both laws hold`, () => {
    for (const seed of ["1", "2", "3", "4"]) {
      const found = execFileSync(node, ["_mixed.mjs", seed], {
        cwd: folder,
        encoding: "utf8",
        stdio: "pipe",
      });
      assert.deepEqual(JSON.parse(found), { broken: [], resets: 0, error: null }, `seed ${seed}`);
    }
  });
}
