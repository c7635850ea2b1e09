// Each bundler, called as its users call it: a program in, files out.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import nodeResolve from "@rollup/plugin-node-resolve";
import * as esbuild from "esbuild";
import { rollup } from "rollup";
import { build as vite } from "vite";
import { which } from "../../tools/env.mjs";

const webpack = createRequire(import.meta.url)("webpack");

/** Bundles `entry` (absolute) into `folder` as esbuild does by default, with `options`; the file. */
export async function byEsbuild(entry, folder, options) {
  const outfile = join(folder, `esbuild.${options.format === "cjs" ? "cjs" : "mjs"}`);
  await esbuild.build({ entryPoints: [entry], outfile, bundle: true, logLevel: "error", ...options });
  return options.outfile ?? outfile;
}

export async function byRollup(entry, folder) {
  const file = join(folder, "rollup.mjs");
  const warnings = [];
  const bundle = await rollup({
    input: entry,
    plugins: [nodeResolve()],
    onwarn: (warning) => warnings.push(warning.message),
  });
  await bundle.write({ file, format: "esm" });
  await bundle.close();
  if (warnings.length > 0) throw new Error(`rollup warns: ${warnings}`);
  return file;
}

export function byWebpack(entry, folder, target, module = {}) {
  const filename = `webpack-${target}.js`;
  // It finds half a megabyte of base64 large, which is what it is.
  const options = {
    mode: "production",
    target,
    entry,
    output: { path: folder, filename },
    module,
    performance: false,
  };
  return new Promise((resolve, reject) => {
    webpack(options, (error, stats) => {
      if (error) return reject(error);
      const { errors, warnings } = stats.toJson();
      const found = [...errors, ...warnings].map(({ message }) => message);
      if (found.length > 0) return reject(new Error(`webpack: ${found}`));
      return resolve(join(folder, filename));
    });
  });
}

export async function byVite(entry, folder, ssr) {
  const outDir = join(folder, ssr ? "vite-ssr" : "vite");
  const shape = ssr ? { ssr: entry } : { rolldownOptions: { input: entry } };
  const build = { outDir, minify: true, emptyOutDir: true, ...shape };
  const ssrOptions = ssr ? { ssr: { noExternal: true } } : {};
  const result = await vite({ root: folder, logLevel: "error", configFile: false, build, ...ssrOptions });
  const [{ fileName }] = [result].flat()[0].output;
  return join(outDir, fileName);
}

export function byBun(entry, folder, target) {
  const file = join(folder, `bun-${target}.mjs`);
  execFileSync(which("bun"), ["build", entry, "--target", target, "--outfile", file], {
    cwd: folder,
    stdio: "pipe",
  });
  return file;
}

/** `wrangler deploy --dry-run`: what would be uploaded, as a folder. */
export function byWrangler(entry, folder, compatibilityDate) {
  const worker = join(folder, `worker-${compatibilityDate}`);
  mkdirSync(worker, { recursive: true });
  cpSync(entry, join(worker, "index.mjs"));
  cpSync(join(folder, "program.mjs"), join(worker, "program.mjs"));
  const config = { name: "packed", main: "index.mjs", compatibility_date: compatibilityDate };
  writeFileSync(join(worker, "wrangler.json"), JSON.stringify(config));
  const env = {
    ...process.env,
    CI: "1",
    WRANGLER_LOG_PATH: join(worker, "logs"),
    CLOUDFLARE_API_TOKEN: "none",
  };
  const args = ["deploy", "--dry-run", "--outdir", "out"];
  const output = execFileSync("wrangler", args, {
    cwd: worker,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (/WARNING/.test(output)) throw new Error(output);
  return join(worker, "out");
}

/** For Vercel's edge: `?module` gives the compiled module. Its own runtime is not to be had here, so this stands in. */
export async function byEdge(entry, folder) {
  const modules = {
    name: "module-suffix",
    setup(build) {
      build.onResolve({ filter: /\.wasm\?module$/ }, ({ path, resolveDir }) => ({
        path: join(resolveDir, path.replace("?module", "")),
        namespace: "module",
      }));
      build.onLoad({ filter: /.*/, namespace: "module" }, ({ path }) => ({
        contents: `export default new WebAssembly.Module(Buffer.from("${readFileSync(path).toString("base64")}", "base64"))`,
      }));
    },
  };
  return byEsbuild(entry, folder, {
    format: "esm",
    conditions: ["edge-light"],
    plugins: [modules],
    outfile: join(folder, "edge.mjs"),
  });
}

/** `nitro build` of a server whose one route is in `folder`/program.mjs; its folder. */
export function byNitro(folder, preset) {
  const home = join(folder, preset);
  mkdirSync(join(home, "routes"), { recursive: true });
  cpSync(join(folder, "program.mjs"), join(home, "program.mjs"));
  writeFileSync(join(home, "package.json"), '{ "name": "packed", "type": "module" }');
  const config = { preset, compatibilityDate: "2026-07-01", serverDir: "." };
  writeFileSync(join(home, "nitro.config.mjs"), `export default ${JSON.stringify(config)};\n`);
  const route = 'import { play } from "../program.mjs"; export default () => play();\n';
  writeFileSync(join(home, "routes", "index.js"), route);
  execFileSync(which("nitro"), ["build", "--dir", home], { cwd: home, stdio: "pipe" });
  return home;
}
