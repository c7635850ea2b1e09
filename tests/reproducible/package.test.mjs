// Two clean builds give the same bytes: that of this folder, and one of a copy in another folder, with a cargo of its own.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { cargoHome, root } from "../../tools/env.mjs";

const lines = (text) => text.split("\n").filter(Boolean);

/** What git would commit, with the npm packages of this folder. */
function copyTo(folder) {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"];
  for (const file of lines(execFileSync("git", args, { cwd: root, encoding: "utf8" }))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file), { recursive: true, verbatimSymlinks: true });
  }
  rmSync(join(folder, "node_modules"), { recursive: true, force: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "dir");
}

/** Another home of cargo with what was downloaded already. */
function cargoHomeIn(folder) {
  mkdirSync(folder);
  for (const entry of readdirSync(cargoHome)) symlinkSync(join(cargoHome, entry), join(folder, entry));
  return folder;
}

function build(folder) {
  const env = { ...process.env, CARGO_HOME: cargoHomeIn(join(folder, "cargo-home")) };
  delete env.CARGO_TARGET_DIR;
  execFileSync(process.execPath, [join("scripts", "build.mjs")], { cwd: folder, env, stdio: "pipe" });
  return join(folder, "pkg");
}

function hashes(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = files.map((entry) => join(entry.parentPath, entry.name));
  const hash = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");
  return Object.fromEntries(paths.map((path) => [relative(folder, path), hash(path)]).sort());
}

function packed(folder, to) {
  const args = ["pack", folder, "--pack-destination", to, "--json", "--loglevel=error"];
  const [{ integrity }] = JSON.parse(execFileSync("npm", args, { encoding: "utf8" }));
  return integrity;
}

test("two clean builds give the same package, byte by byte", { timeout: 900_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-again-"));
  try {
    copyTo(folder);
    const again = build(folder);
    const here = join(root, "pkg");
    const [first, second] = [here, again].map(hashes);
    const files = [...new Set([...Object.keys(first), ...Object.keys(second)])];
    assert.deepEqual(
      files.filter((file) => first[file] !== second[file]),
      [],
    );
    const [packedHere, packedAgain] = [here, again].map((built) => packed(built, folder));
    assert.equal(packedAgain, packedHere);
    console.log(`${files.length} files, ${packedHere}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("no program names a folder of this machine", () => {
  for (const file of readdirSync(join(root, "pkg", "dist"))) {
    if (!/\.(wasm|c?js|map)$/.test(file)) continue;
    const text = readFileSync(join(root, "pkg", "dist", file), "latin1");
    for (const place of [root, cargoHome, process.env.HOME].filter(Boolean)) {
      assert.ok(!text.includes(`${place}/`), `${file}: ${place}`);
    }
  }
});
