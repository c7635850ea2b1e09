// How many instructions one event takes on its way through the native engine: a regression shows, however noisy the
// machine. The difference of two runs is taken, so that starting up does not count.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { root, which } from "../../tools/env.mjs";

const BENCH = join(root, "benches", "engine");
const TARGET = join(root, "target", "benches");
const PROGRAM = join(TARGET, "release", "instructions");
const { tolerance, instructions } = JSON.parse(readFileSync(join(BENCH, "instructions.json"), "utf8"));
const [FEW, MANY] = [25_600, 51_200];
const canCount = which("valgrind") !== null;

before(() => {
  if (!canCount) return;
  const args = ["build", "--release", "--quiet", "--manifest-path", join(BENCH, "Cargo.toml")];
  const env = { ...process.env, CARGO_TARGET_DIR: TARGET };
  execFileSync("cargo", [...args, "--bin", "instructions"], { env, stdio: "inherit" });
});

for (const [name, budget] of Object.entries(instructions)) {
  test(`${name}: at most ${budget} instructions an event, and ${tolerance * 100} %`, () => {
    if (!canCount) return console.log("not counted: there is no valgrind");
    const found = (count(name, MANY) - count(name, FEW)) / (MANY - FEW);
    console.log(`${name}: ${found.toFixed(0)} instructions an event, ${budget} budgeted`);
    assert.ok(found <= budget * (1 + tolerance), `${found.toFixed(0)} instructions an event`);
    const stale = `${found.toFixed(0)} are far less than ${budget}: write it down in benches/engine/instructions.json`;
    assert.ok(found >= budget * (1 - 2 * tolerance), stale);
  });
}

/** All instructions of one run that plays `events` events. */
function count(name, events) {
  const args = [
    "--tool=cachegrind",
    "--cache-sim=no",
    "--cachegrind-out-file=/dev/null",
    PROGRAM,
    name,
    `${events}`,
  ];
  const { status, stderr } = spawnSync("valgrind", args, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return Number(/I\s+refs:\s+([\d,]+)/.exec(stderr)[1].replaceAll(",", ""));
}
