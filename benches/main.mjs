/** The entry of the benches: scripts/bench.mjs calls it when the package is built. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { root } from "../tools/env.mjs";
import { linkPackage } from "../tools/workerd.mjs";
import { packageOf } from "./revision.mjs";

export { report } from "./report.mjs";

const BENCHES = join(root, "benches");

/** The figures that were asked for: of the pair, of cold starts, of costs, of metrics, a profile, or everything. */
export async function bench(asked, say) {
  const measures = [
    ...(asked.pair ? [pair] : []),
    ...(asked["cold-start"] ? [coldStart] : []),
    ...(asked.cost ? [cost] : []),
    ...(asked.exceptions ? [errors] : []),
    ...(asked.metrics ? [instruments] : []),
    ...(asked.profile ? [profileOf] : []),
  ];
  const figures = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
  for (const measure of measures.length > 0 ? measures : [everything])
    Object.assign(figures, await measure(asked, say));
  return figures;
}

async function everything({ quick }, say) {
  for (const folder of [BENCHES, join(BENCHES, "workers")]) {
    install(folder, say);
    linkPackage(folder);
  }
  // What it imports has been installed only now.
  const { run } = await import("./run.mjs");
  const found = await run({ rounds: quick ? 1 : 5, say });
  if (quick) return found;
  const { chart } = await import("./chart.mjs");
  writeFileSync(join(root, "docs", "performance.svg"), chart(found));
  return found;
}

async function pair(asked, say) {
  const { commit, folder } = packageOf(asked.pair, say);
  const { pair } = await import("./pair.mjs");
  const found = await pair({
    before: folder,
    now: join(root, "pkg"),
    rounds: asked.quick ? 9 : 45,
    say,
  });
  if (!found.counts) {
    say(`the control is ${found.control.toFixed(3)}, outside of 0.97–1.03: this run does not count`);
    process.exitCode = 1;
  }
  return { pair: { revision: commit, ...found } };
}

async function coldStart({ quick }, say) {
  install(join(BENCHES, "workers"), say);
  const { coldStart } = await import("./cold-start.mjs");
  return { coldStart: await coldStart({ rounds: quick ? 31 : 96, say }) };
}

async function errors({ quick }, say) {
  linkPackage(BENCHES);
  const { exceptions } = await import("./exceptions.mjs");
  return { exceptions: await exceptions({ quick, say }) };
}

async function instruments({ quick }, say) {
  install(BENCHES, say);
  linkPackage(BENCHES);
  const { metrics } = await import("./metrics.mjs");
  return { metrics: await metrics({ quick, say }) };
}

async function profileOf({ profile: name }, say) {
  for (const folder of [BENCHES, join(BENCHES, "workers")]) install(folder, say);
  const { profile } = await import("./profile.mjs");
  return { profile: { name, ...(await profile(name, say)) } };
}

async function cost({ quick }, say) {
  for (const folder of [BENCHES, join(BENCHES, "workers")]) install(folder, say);
  const { cost } = await import("./cost.mjs");
  return { cost: await cost({ quick, say }) };
}

/** The libraries that tidegate is compared with: no other task needs them. */
function install(folder, say) {
  const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (Object.keys(dependencies).every((name) => existsSync(join(folder, "node_modules", name)))) return;
  say(`installing the packages of ${folder}`);
  const args = ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status } = spawnSync("npm", args, { cwd: folder, stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error(`npm install failed in ${folder}`);
}
