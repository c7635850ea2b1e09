// npm run bench [-- options]: tidegate and its peers side by side, in one run; writes the chart in docs/.
//   --pair <git revision>  instead: the package of that revision and the current one side by side, ratios now/before
//   --cold-start           instead: workerd started anew to the first response, bare and with each library
//   --json                 the figures as JSON, and nothing else on standard output
//   --quick                fewer rounds, no chart, pkg/ as it is: to see where a change goes, not to quote
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./_env.mjs";
import { packageOf } from "./_revision.mjs";
import { linkPackage } from "./_workerd.mjs";
import { build } from "./build.mjs";

const BENCHES = join(root, "benches");
const PKG = join(root, "pkg");
const say = (line) => console.error(`bench: ${line}`);
const asked = options();

function options() {
  const flag = { type: "boolean", default: false };
  try {
    const known = { pair: { type: "string" }, "cold-start": flag, json: flag, quick: flag };
    return parseArgs({ options: known }).values;
  } catch ({ message }) {
    say(message);
    process.exit(2);
  }
}

/** What is compared with is nobody else's to install. */
function install(folder) {
  const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (Object.keys(dependencies).every((name) => existsSync(join(folder, "node_modules", name)))) return;
  say(`installing the packages of ${folder}`);
  const args = ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status } = spawnSync("npm", args, { cwd: folder, stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error(`npm install failed in ${folder}`);
}

async function everything() {
  for (const folder of [BENCHES, join(BENCHES, "workers")]) {
    install(folder);
    linkPackage(folder);
  }
  const { run } = await import("../benches/run.mjs");
  const found = await run({ rounds: asked.quick ? 1 : 5, say });
  if (asked.quick) return found;
  const { chart } = await import("../benches/chart.mjs");
  writeFileSync(join(root, "docs", "performance.svg"), chart(found));
  return found;
}

async function pair() {
  const { commit, folder } = packageOf(asked.pair, say);
  const { pair } = await import("../benches/pair.mjs");
  const found = await pair({ before: folder, now: PKG, rounds: asked.quick ? 9 : 45, say });
  if (!found.counts) {
    say(`the control is ${found.control.toFixed(3)}, outside of 0.97–1.03: this run does not count`);
    process.exitCode = 1;
  }
  return { pair: { revision: commit, ...found } };
}

async function coldStart() {
  install(join(BENCHES, "workers"));
  const { coldStart } = await import("../benches/cold-start.mjs");
  return { coldStart: await coldStart({ rounds: asked.quick ? 31 : 96, say }) };
}

if (!asked.quick || !existsSync(PKG)) await build();
const measures = [...(asked.pair ? [pair] : []), ...(asked["cold-start"] ? [coldStart] : [])];
const figures = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
for (const measure of measures.length > 0 ? measures : [everything]) Object.assign(figures, await measure());
const { report } = await import("../benches/report.mjs");
console.log(asked.json ? JSON.stringify(figures, null, 2) : report(figures));
process.exit();
