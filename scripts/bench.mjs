// npm run bench [-- --json] [-- --quick]: tidegate and its peers side by side, in one run; writes the chart in docs/.
//   --json   the figures as JSON, and nothing else on standard output
//   --quick  fewer rounds and no chart: to see where a change goes, not to quote
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { root } from "./_env.mjs";
import { linkPackage } from "./_workerd.mjs";
import { build } from "./build.mjs";

const BENCHES = join(root, "benches");
const [asJson, isQuick] = ["--json", "--quick"].map((flag) => process.argv.includes(flag));
const say = (line) => console.error(`bench: ${line}`);

/** What is compared with is nobody else's to install. */
function install(folder) {
  const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (Object.keys(dependencies).every((name) => existsSync(join(folder, "node_modules", name)))) return;
  say(`installing the packages of ${folder}`);
  const args = ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status } = spawnSync("npm", args, { cwd: folder, stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error(`npm install failed in ${folder}`);
}

for (const folder of [BENCHES, join(BENCHES, "workers")]) {
  install(folder);
  linkPackage(folder);
}
if (!isQuick || !existsSync(join(root, "pkg"))) await build();

const { run } = await import("../benches/run.mjs");
const found = await run({ rounds: isQuick ? 1 : 5, say });
const figures = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length, ...found };
if (!isQuick) {
  const { chart } = await import("../benches/chart.mjs");
  writeFileSync(join(root, "docs", "performance.svg"), chart(figures));
}
const { report } = await import("../benches/report.mjs");
console.log(asJson ? JSON.stringify(figures, null, 2) : report(figures));
process.exit(0);
