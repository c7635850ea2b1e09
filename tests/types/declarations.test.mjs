// The declarations, as programs compile them: no skipLibCheck, lib es2022 and the types of one host.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { cachedTool, root, versions } from "../../tools/env.mjs";
import { linkPackage } from "../../tools/workerd.mjs";

const programs = join(root, "tests", "types", "programs");
const compilers = {
  [`TypeScript ${versions.oldestTypeScript}`]: cachedTool("typescript", versions.oldestTypeScript),
  "the pinned TypeScript": root,
};

/** A host's declarations. Those of Node and of Workers are written for newer compilers than the oldest. */
const hosts = {
  "no host": { lib: [], types: [] },
  "a page": { lib: ["dom", "dom.iterable"], types: [] },
  Node: { lib: [], types: ["node"], isNew: true },
  Workers: { lib: [], types: ["@cloudflare/workers-types"], isNew: true },
};

function folderWith(name, files) {
  const folder = join(root, "build", "types", name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  linkPackage(folder);
  for (const [from, to] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, to)), { recursive: true });
    cpSync(join(programs, from), join(folder, to));
  }
  for (const scope of ["@types", "@cloudflare"]) {
    symlinkSync(join(root, "node_modules", scope), join(folder, "node_modules", scope), "dir");
  }
  return folder;
}

const OLD = { module: "node16", moduleResolution: "node16" };
/** What a new Worker of wrangler's has. */
const BUNDLED = { module: "esnext", moduleResolution: "bundler" };

async function compile(compiler, folder, { lib, types }, files, resolution = OLD) {
  const compilerOptions = { noEmit: true, strict: true, target: "es2022", ...resolution, types };
  const config = { compilerOptions: { ...compilerOptions, lib: ["es2022", ...lib] }, files };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  const tsc = join(compiler, "node_modules", "typescript", "bin", "tsc");
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, "-p", folder]).catch((error) => error);
  return stdout;
}

for (const [name, compiler] of Object.entries(compilers)) {
  for (const [host, { isNew = false, ...options }] of Object.entries(hosts)) {
    if (isNew && compiler !== root) continue;
    test(`${name}, the types of ${host}`, async () => {
      const folder = folderWith(`${name} ${host}`.replaceAll(" ", "-"), { "surface.ts": "surface.ts" });
      assert.equal(await compile(compiler, folder, options, ["surface.ts"]), "");
    });
  }
}

test("what `wrangler types` writes finds the measured classes", async () => {
  const folder = folderWith("wrangler", { "worker.ts": "src/index.ts", "wrangler.jsonc": "wrangler.jsonc" });
  const wrangler = join(root, "node_modules", "wrangler", "bin", "wrangler.js");
  const args = [wrangler, "types", "--include-runtime=false"];
  const env = {
    ...process.env,
    CI: "1",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_LOG_PATH: join(folder, "logs"),
  };
  await promisify(execFile)(process.execPath, args, { cwd: folder, env });
  const declared = readFileSync(join(folder, "worker-configuration.d.ts"), "utf8");
  assert.match(declared, /DurableObjectNamespace<import\("\.\/src\/index"\)\.Counter>/);
  const files = ["src/index.ts", "worker-configuration.d.ts"];
  const output = await compile(root, folder, hosts.Workers, files, BUNDLED);
  assert.equal(output, "");
});
