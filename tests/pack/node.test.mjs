// The packed package on Node: the machine's own and the one that the tasks run under.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { install, nodes } from "./_install.mjs";

const folder = install();

const use = `
const tide = createCollector({ service: { name: "pack" } });
for (let i = 0; i < 1000; i += 1) tide.req("/items/" + (i % 7), "GET", i % 100 ? 200 : 500, Date.now(), i % 50);
const { stats, counters } = { stats: tide.stats(), counters: tide.counters() };
console.log(JSON.stringify({ stats, counters }));
`;
const forms = {
  import: ["--input-type=module", "-e", `import { createCollector } from "tidegate";${use}`],
  require: ["-e", `const { createCollector } = require("tidegate");${use}`],
};

for (const node of nodes) {
  const run = (args) => execFileSync(node, args, { cwd: folder, encoding: "utf8", timeout: 60_000 });
  const version = run(["--version"]).trim();

  for (const [form, args] of Object.entries(forms)) {
    test(`${form} on Node ${version}: a snapshot after 1000 requests`, () => {
      // It also ends by itself: no timer of ours keeps a process alive.
      const { stats, counters } = JSON.parse(run(args));
      assert.equal(stats.count, 1000);
      assert.equal(stats.errors, 10);
      assert.equal(stats.errorPct, 1);
      assert.ok(Math.abs(stats.p50Ms - 24) <= 0.01 * 24 + 0.5, `p50 is ${stats.p50Ms}`);
      assert.equal(stats.series.length, 7);
      assert.equal(counters.emitted, 1000);
      assert.equal(counters.accepted, 1000);
    });
  }

  test(`bad options on Node ${version} throw a TidegateError that names the option`, () => {
    const bad = [
      ["sampling: { rate: 1.5 }", "config/sampling-rate", "rate"],
      ['sampling: { exclude: ["re:("] }', "config/", "exclude"],
      ["queueSize: 0", "config/", "queueSize"],
      ["sinks: [ndjson({})]", "config/", "url"],
    ];
    for (const [options, code, option] of bad) {
      const script = `import { createCollector, ndjson, TidegateError } from "tidegate";
        try { createCollector({ ${options} }); console.log("{}") } catch (error) {
          const { code, message } = error;
          console.log(JSON.stringify({ ours: error instanceof TidegateError, code, message })) }`;
      const { ours, code: given, message } = JSON.parse(run(["--input-type=module", "-e", script]));
      assert.ok(ours, options);
      assert.ok(given.startsWith(code), `${options} gave ${given}`);
      assert.match(message, new RegExp(option), options);
    }
  });
}

const installed = join(folder, "node_modules", "tidegate");
const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));

test("every export leads to a published file", () => {
  const files = (target) => (typeof target === "string" ? [target] : Object.values(target).flatMap(files));
  const targets = files(manifest.exports);
  assert.ok(targets.length > 3);
  for (const target of targets) assert.ok(existsSync(join(installed, target)), target);
});

test("the entries of the main job are there", () => {
  for (const entry of [".", "./workers", "./package.json"]) assert.ok(manifest.exports[entry], entry);
  assert.ok(manifest.exports["."].workerd);
});

test("licenses come with it", () => {
  for (const name of ["LICENSE-MIT", "LICENSE-APACHE", "README.md"])
    assert.ok(existsSync(join(installed, name)), name);
});
