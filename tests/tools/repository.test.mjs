// What the repository says of itself: its workflows, the crate's own package.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../tools/env.mjs";

const WORKFLOWS = join(root, ".github", "workflows");
const read = (name) => readFileSync(join(WORKFLOWS, name), "utf8");

test("actions are pinned by the hash of a commit, with the version beside it", () => {
  for (const name of readdirSync(WORKFLOWS)) {
    const used = read(name).match(/uses: .*/g) ?? [];
    assert.ok(used.length > 0, name);
    for (const line of used) assert.match(line, /^uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, name);
  }
});

/** The suites of npm test, as it says itself. */
function suites() {
  const options = { cwd: root, encoding: "utf8" };
  const { stderr } = spawnSync(process.execPath, [join("scripts", "test.mjs"), "?"], options);
  return /\[-- (.*)\]/.exec(stderr)[1].split(" | ");
}

test("CONTRIBUTING.md says what each suite of npm test runs", () => {
  const page = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");
  assert.deepEqual(
    suites().filter((group) => !page.includes(`| \`${group}\` `)),
    [],
  );
});

test("CI has a job for each suite of npm test", () => {
  // Each is a part of another suite.
  const own = suites().filter((group) => !["types", "workers", "hub"].includes(group));
  const [, listed] = /suite:\s*\[([^\]]*)\]/.exec(read("ci.yml"));
  assert.deepEqual(listed.match(/\w+/g).sort(), own.sort());
});

test("the crate's package is its sources, its README and its licenses", () => {
  const args = ["package", "--list", "--allow-dirty", "--offline"];
  const text = execFileSync("cargo", args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const own = /^(src\/|README\.md$|LICENSE-\w+$|Cargo\.(lock|toml|toml\.orig)$|\.cargo_vcs_info\.json$)/;
  const files = text.trim().split("\n");
  assert.deepEqual(
    files.filter((file) => !own.test(file)),
    [],
  );
  assert.ok(files.includes("src/lib.rs") && files.includes("README.md"));
});
