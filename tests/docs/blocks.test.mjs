// Each block of the README and the manual compiles strictly, and runs as it stands in its host.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../tools/env.mjs";
import { blocks, isCode } from "./_blocks.mjs";
import { folder, HOSTS } from "./_hosts.mjs";

const code = blocks.filter(isCode);
const run = code.filter((block) => block.run !== undefined);
const slug = (at) => at.replace(/\W+/g, "-");
/** Some of their types are not here, or clash. */
const mayBeSkipped = (page) => page !== "README.md" && !page.startsWith("docs/hosts/");

test("each block says where it runs, or outside of README and hosts why it does not, one in ten at most", () => {
  const silent = code.filter((block) =>
    [block.run, block.file, block.skip].every((said) => said === undefined),
  );
  assert.deepEqual(
    silent.map(({ at }) => at),
    [],
  );
  // Another test reads or does what such a block shows.
  const isTested = ({ skip }) => /^run by tests\/\S+$/.test(skip);
  const skipped = code.filter((block) => block.skip !== undefined && !isTested(block));
  assert.deepEqual(
    skipped.filter(({ page }) => !mayBeSkipped(page)).map(({ at }) => at),
    [],
  );
  assert.ok(skipped.length * 10 <= code.length, `${skipped.length} of ${code.length} are skipped`);
  const shown = code.filter(({ run, file }) => run === undefined && file !== undefined);
  console.log(`${run.length} blocks run here, ${shown.length} are programs that tests/frameworks runs`);
  for (const { at, skip } of code) if (skip !== undefined) console.log(`not run: ${at}: ${skip}`);
});

test("each compiles, strictly, with the types of its host", () => {
  for (const [host, { types, ambient, wrap = (text) => text }] of Object.entries(HOSTS)) {
    const own = run.filter((block) => block.run === host);
    if (own.length === 0) continue;
    const home = join(folder, `types-${host}`);
    rmSync(home, { recursive: true, force: true });
    mkdirSync(home, { recursive: true });
    for (const { at, code } of own)
      writeFileSync(join(home, `${slug(at)}.ts`), `${wrap(code)}\nexport {};\n`);
    writeFileSync(join(home, "ambient.d.ts"), ambient);
    const lib = types.includes("@cloudflare/workers-types") ? ["es2022"] : ["es2022", "dom", "dom.iterable"];
    const compilerOptions = {
      target: "es2022",
      module: "esnext",
      moduleResolution: "bundler",
      strict: true,
      noEmit: true,
      noImplicitOverride: true,
      skipLibCheck: true,
      types,
      lib,
    };
    writeFileSync(join(home, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["."] }));
    const tsc = join(root, "node_modules", ".bin", "tsc");
    const { status, stdout } = spawnSync(tsc, ["-p", home], { encoding: "utf8" });
    assert.equal(status, 0, stdout);
  }
});

for (const { at, run: host, settings, code } of run) {
  test(`${at} in ${host}`, async () => {
    assert.ok(HOSTS[host], `no host is called ${host}`);
    await HOSTS[host].run(slug(at), code, settings);
  });
}

test("the commands of the documents exist", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const { at, language, code } of blocks) {
    if (language !== "sh") continue;
    for (const [, name] of code.matchAll(/npm run ([\w:]+)/g))
      assert.ok(scripts[name], `${at}: npm run ${name}`);
  }
});
