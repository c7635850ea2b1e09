/** What a Worker uploads, in KB: by wrangler's own figure, and minified by it. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "../tools/env.mjs";
import { linkPackage } from "../tools/workerd.mjs";
import { workerFile } from "./worker-files.mjs";

/** Both gzipped: `wrangler` as `wrangler deploy` says without options, `minified` with `--minify`. */
export function bundleKb(file, flags) {
  const folder = mkdtempSync(join(root, "build", "bundle-"));
  linkPackage(join(root, "benches", "workers"));
  try {
    const [wrangler, minified] = [[], ["--minify"]].map((more) => uploadKb(file, flags, folder, more));
    return { wrangler, minified };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function uploadKb(file, flags, folder, more) {
  const args = ["deploy", workerFile(file), "--dry-run", "--outdir", folder, "--name", "cost"];
  args.push(
    "--compatibility-date",
    "2026-07-01",
    ...flags.flatMap((flag) => ["--compatibility-flag", flag]),
    ...more,
  );
  const { stdout, stderr } = spawnSync("wrangler", args, { cwd: folder, encoding: "utf8" });
  const found = stdout.match(/gzip: ([\d.]+) KiB/);
  if (found === null) throw new Error(`wrangler deploy --dry-run of ${file}:\n${stdout}${stderr}`);
  return (Number(found[1]) * 1024) / 1000;
}
