// The packed package on Node: the machine's own and the one that the tasks run under.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "esbuild";
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

/** All three surfaces together: how many wasm instances that takes, and whose errors they throw. */
const useAlone = `
const { makeRng, compileRules, shouldExcludeRoute } = sampling;
const stats = new StatsStore();
for (let i = 0; i < 100; i += 1) stats.record(1e12, i + 1, i % 10 === 0, "/a");
const { count, errors, p50Ms, series } = stats.snapshot(1e12);
const tide = createCollector({});
tide.req("/", "GET", 200, Date.now(), 1);
let error;
try { compileRules(["/a", "re:("]) } catch (thrown) { error = thrown }
console.log(JSON.stringify({
  instances, count, errors, p50Ms, name: series[0].name, draw: makeRng({ seed: 0 })(),
  excluded: shouldExcludeRoute("/health", compileRules(["/health"])),
  ours: error instanceof TidegateError, code: error.code, names: Object.keys(sampling).length,
}));
`;
const counting = `
let instances = 0;
WebAssembly.Instance = class extends WebAssembly.Instance {
  constructor(...args) { super(...args); instances += 1 }
};`;
const allForms = {
  import: [
    "--input-type=module",
    "-e",
    `${counting}
    const { createCollector, TidegateError } = await import("tidegate");
    const sampling = await import("tidegate/sampling");
    const { StatsStore } = await import("tidegate/stats");${useAlone}`,
  ],
  require: [
    "-e",
    `${counting}
    const { createCollector, TidegateError } = require("tidegate");
    const sampling = require("tidegate/sampling");
    const { StatsStore } = require("tidegate/stats");${useAlone}`,
  ],
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

  for (const [form, args] of Object.entries(allForms)) {
    test(`${form} on Node ${version}: stats and sampling alone, over one wasm instance`, () => {
      const { p50Ms, ...answer } = JSON.parse(run(args));
      assert.deepEqual(answer, {
        ...{ instances: 1, count: 100, errors: 10, name: "/a", draw: 0.3245752680314067 },
        ...{ excluded: true, ours: true, code: "config/sampling-rule", names: 8 },
      });
      assert.ok(Math.abs(p50Ms - 50) <= 0.5, `p50 is ${p50Ms}`);
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

const UNCAUGHT = {
  import: `import("tidegate").then(({ createCollector }) => createCollector({ queueSize: 0 }))`,
  require: `require("tidegate").createCollector({ queueSize: 0 })`,
};

/** What Node prints of an error that ends it. */
function shown(node, ...args) {
  const { status, stderr } = spawnSync(node, args, { cwd: folder, encoding: "utf8" });
  assert.equal(status, 1);
  return stderr;
}

for (const node of nodes) {
  for (const [form, script] of Object.entries(UNCAUGHT)) {
    test(`${form} on ${node}: an option error that nobody catches prints few lines, the caller's first`, () => {
      const printed = shown(node, "-e", script);
      assert.match(printed, /queueSize/);
      assert.match(printed, /code: 'config\//);
      assert.match(printed, /^ +at \[eval\]/m);
      assert.doesNotMatch(printed, /at .*tidegate/);
      assert.ok(Buffer.byteLength(printed) < 1000, printed);
    });
  }
}

test("with source maps an error shows our own lines", () => {
  const script = `require("tidegate/sampling").clampSamplingRate(2)`;
  assert.match(shown(process.execPath, "--enable-source-maps", "-e", script), /js\/[\w/-]+\.ts:\d+/);
});

const installed = join(folder, "node_modules", "tidegate");
const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));

test("every export leads to a published file", () => {
  const files = (target) => (typeof target === "string" ? [target] : Object.values(target).flatMap(files));
  const targets = files(manifest.exports);
  assert.ok(targets.length > 3);
  for (const target of targets) assert.ok(existsSync(join(installed, target)), target);
});

test("the entries are there", () => {
  for (const entry of [".", "./workers", "./stats", "./sampling", "./package.json"]) {
    assert.ok(manifest.exports[entry], entry);
  }
});

test("stats and sampling have the conditions of the index, types first", () => {
  const conditions = ["workerd", "edge-light", "require", "default"];
  for (const [entry, name] of Object.entries({
    ".": "index",
    "./stats": "stats",
    "./sampling": "sampling",
  })) {
    assert.deepEqual(Object.keys(manifest.exports[entry]), conditions, entry);
    for (const condition of conditions) {
      const { types, ...rest } = manifest.exports[entry][condition];
      // Nitro's own conditions stand inside `workerd`: at the top Nitro 2 would trace another file than Node loads.
      const inner =
        condition === "workerd" ? ["types", "unwasm", "wintercg", "default"] : ["types", "default"];
      assert.deepEqual(Object.keys(manifest.exports[entry][condition]), inner);
      assert.equal(types, `./dist/types/${name}.d.${condition === "require" ? "cts" : "ts"}`);
      assert.match(rest.default, condition === "require" ? /^\.\/dist\/inline.*\.cjs$/ : /\.js$/);
    }
  }
});

test("a bundler that drops what is unused keeps the wasm, and leaves out the collector", async () => {
  const contents = `import { makeRng } from "tidegate/sampling"; console.log(makeRng({ seed: 0 })());`;
  const stdin = { contents, resolveDir: folder };
  const bundled = await build({ stdin, bundle: true, format: "cjs", minify: true, write: false });
  const [{ text }] = bundled.outputFiles;
  const printed = execFileSync(process.execPath, ["-"], { input: text, encoding: "utf8" });
  assert.equal(Number(printed), 0.3245752680314067);
  assert.doesNotMatch(text, /closeTimeoutMs/);
});

test("licenses come with it", () => {
  for (const name of ["LICENSE-MIT", "LICENSE-APACHE", "README.md"])
    assert.ok(existsSync(join(installed, name)), name);
});
