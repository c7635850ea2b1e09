// A bench that compares wrongly would pass a slow package: how samples become figures, and which package each contender has.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { summary } from "../../benches/cold-start.mjs";
import { orderOf } from "../../benches/order.mjs";
import { compared, isResolved } from "../../benches/pair.mjs";
import { report } from "../../benches/report.mjs";
import { inTurns, withPackage } from "../../benches/turns.mjs";
import { root } from "../../tools/env.mjs";

const temporary = () => mkdtempSync(join(tmpdir(), "tidegate-bench-"));
const silent = () => {};

/** A contender that answers `values` in turn, however many events it is asked for, and starts anew with the first. */
const answering = (values) => ({
  program: process.execPath,
  args: [
    "--input-type=module",
    "--eval",
    `import { createInterface } from "node:readline";
     const values = ${JSON.stringify(values)};
     console.log('"ready"');
     for await (const line of createInterface({ input: process.stdin })) console.log(values.shift());
     console.log(JSON.stringify({ left: values.length }));`,
  ],
  count: 1,
});

test("a round's figure is the least of its samples, and a start begins anew", async () => {
  const contenders = { steady: answering([5, 5, 5, 5]), interrupted: answering([90, 4, 6, 90]) };
  const found = await inTurns(contenders, 4, silent, { starts: 2, samples: 2 });
  assert.deepEqual(found.steady.rounds, [5, 5, 5, 5]);
  assert.deepEqual(found.interrupted.rounds, [4, 6, 4, 6]);
  assert.equal(found.interrupted.ns, 5);
  assert.equal(found.interrupted.left, 0, "each was asked as often as the other");
});

test("a round asks each once, and who comes after whom changes", () => {
  for (const count of [1, 2, 3, 8, 16]) {
    const names = Array.from({ length: count }, (_, at) => `contender ${at}`);
    const orders = Array.from({ length: count * 2 }, (_, round) => orderOf(names, round));
    for (const order of orders) assert.deepEqual(order.toSorted(), names.toSorted());
    assert.equal(new Set(orders.map(([first]) => first)).size, count, "each is first at some time");
    const before = orders.map((order) => order[order.indexOf(names[0]) - 1]);
    if (count > 2)
      assert.ok(new Set(before.filter(Boolean)).size > 1, `${count}: one always follows another`);
  }
});

test("a contender that ends early fails the run", async () => {
  const broken = { program: process.execPath, args: ["--eval", "console.log(1)"], count: 1 };
  await assert.rejects(inTurns({ broken }, 1, silent, { starts: 1 }), /broke off/);
});

test("ratios are those within a round, now by before", () => {
  // Each round on a machine half as fast as the one before: the medians alone would say nothing.
  const figures = (rounds) => ({ ns: 0, rounds });
  const row = compared(figures([100, 200, 400]), figures([110, 220, 800]));
  assert.equal(row.ratio.toFixed(3), "1.100");
  assert.deepEqual(
    row.quartiles.map((value) => value.toFixed(3)),
    ["1.100", "1.100"],
  );
});

test("a run counts if its control lies within three per cent", () => {
  assert.deepEqual([0.969, 0.97, 1, 1.03, 1.031].map(isResolved), [false, true, true, true, false]);
});

test("a contender has the package of the folder that it is given, whatever is installed beside it", () => {
  const folders = ["old", "new"].map((name) => {
    const folder = join(temporary(), name);
    mkdirSync(folder);
    const manifest = {
      name: "tidegate",
      type: "module",
      exports: { ".": "./index.js", "./stats": "./stats.js" },
    };
    writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
    writeFileSync(join(folder, "index.js"), `export default ${JSON.stringify(name)};`);
    writeFileSync(join(folder, "stats.js"), `export default ${JSON.stringify(`${name} stats`)};`);
    return folder;
  });
  const program = join(temporary(), "program.mjs");
  writeFileSync(
    program,
    `import name from "tidegate"; import stats from "tidegate/stats"; console.log(name, stats);`,
  );
  const answers = folders.map((folder) => {
    const { args, env } = withPackage({ args: [program] }, folder);
    return execFileSync(process.execPath, args, { encoding: "utf8", env: { ...process.env, ...env } }).trim();
  });
  assert.deepEqual(answers, ["old old stats", "new new stats"]);
});

/** What `packageOf` answers, in a process whose cache is `cache`. */
function packageOf(revision, cache) {
  const script = pathToFileURL(join(root, "benches", "revision.mjs")).href;
  const program = `import { packageOf } from ${JSON.stringify(script)};
    try { console.log(JSON.stringify(packageOf(${JSON.stringify(revision)}, console.error))); }
    catch (error) { console.log(JSON.stringify(error.message)); }`;
  const env = { ...process.env, XDG_CACHE_HOME: cache };
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    encoding: "utf8",
    env,
  });
  return { answer: JSON.parse(stdout), said: stderr };
}

test("a revision's package is built once: what the cache has is taken", () => {
  const cache = temporary();
  const commit = execFileSync("git", ["rev-parse", "HEAD"], { cwd: root, encoding: "utf8" }).trim();
  const folder = join(cache, "tidegate", `pkg-${commit}`);
  mkdirSync(folder, { recursive: true });
  assert.deepEqual(packageOf("HEAD", cache), { answer: { commit, folder }, said: "" });
});

test("a revision that git does not know is told by its name", () => {
  assert.equal(packageOf("no-such-revision", temporary()).answer, 'git knows no revision "no-such-revision"');
});

test("what a library costs a cold start is over the bare Worker of its round and with its flags", () => {
  const taken = {
    bare: [10, 30, 20],
    control: [11, 29, 20],
    tidegate: [25, 31, 24],
    bareNode: [20, 60, 40],
    controlNode: [20, 60, 40],
    tidegateNode: [30, 70, 50],
    sentry: [40, 80, 60],
    otelCfWorkers: [60, 100, 80],
    evlog: [20, 60, 40],
  };
  const times = ([name, all]) => [name, all.map((ms) => ({ ms, cpuMs: 2 * ms }))];
  const found = Object.fromEntries(Object.entries(taken).map(times));
  const { rounds, ofSentry, ofOtel, workers } = summary(found);
  assert.equal(rounds, 3);
  assert.equal(workers.control.overBare, 0);
  assert.equal(workers.tidegate.overBare, 4);
  assert.equal(workers.tidegateNode.overBare, 10);
  assert.equal(workers.tidegateNode.cpuOverBare, 20);
  assert.deepEqual([ofSentry, ofOtel], [0.5, 0.25]);
});

test("the report shows what was measured, and only that", () => {
  const row = { beforeNs: 250, nowNs: 275, ratio: 1.1, quartiles: [1.05, 1.15] };
  const pair = {
    revision: "abc",
    rounds: 45,
    snapshotMs: { before: 0.5, now: 0.25 },
    rows: { request: row },
  };
  const text = report({ node: "v24", cpu: "a cpu", cores: 2, pair });
  assert.match(text, /request \| 250 +\| 275 +\| 1\.100 +\| 1\.050–1\.150/);
  assert.match(text, /0\.500 ms before, 0\.250 ms now/);
  assert.doesNotMatch(text, /workerd/);
});
