// What a user of the built package ships, in bytes.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { root } from "./env.mjs";

const PKG = join(root, "pkg");
/** No adapters: they are measured with their wasm, or have none. */
const SURFACES = [".", "./stats", "./sampling", "./hub", "./manual"];

/** A Worker that uses all there is for one: every export of the index, which has all sinks, and the adapter. */
const FULL = `import * as all from "tidegate"; import * as workers from "tidegate/workers"; export { all, workers };`;
const MINIMAL = `import { createCollector, ndjson } from "tidegate";
  import { instrument } from "tidegate/workers";
  export default instrument(createCollector({ sinks: [ndjson({ url: "https://example.com" })] }), { fetch: () => new Response() });`;

/** What is measured: a name and a program; `isInline`: for Node and pages, where the wasm is text in the JavaScript. */
function entries() {
  const { exports } = JSON.parse(readFileSync(join(PKG, "package.json"), "utf8"));
  const adapters = Object.keys(exports).filter(
    (path) => !SURFACES.includes(path) && typeof exports[path] === "object" && !path.endsWith(".wasm"),
  );
  const whole = (path) => `import * as all from "tidegate${path.slice(1)}"; export { all };`;
  return [
    { name: "workers, all of it", source: FULL },
    { name: "workers, one sink", source: MINIMAL },
    { name: "inline", source: whole("."), isInline: true },
    { name: "stats", source: whole("./stats") },
    { name: "sampling", source: whole("./sampling") },
    { name: "hub", source: whole("./hub") },
    ...adapters.map((path) => ({ name: `${path.slice(2)} alone`, source: whole(path) })),
  ];
}

/** The bytes of each entry: as they are, and compressed. */
export async function measure() {
  const module = core();
  return Promise.all(
    entries().map(async ({ name, source, isInline = false }) => {
      const { code, hasWasm } = await bundle(source, isInline ? [] : ["workerd", "worker"]);
      const [wasm, js] = [hasWasm ? module : NOTHING, sizes(code)];
      return { name, wasm, js, total: sum(wasm, js) };
    }),
  );
}

/** The module alone. */
export const core = () => sizes(readFileSync(join(PKG, "dist", "core.wasm")));

const NOTHING = { raw: 0, gzip: 0, brotli: 0 };

const sum = (a, b) => ({ raw: a.raw + b.raw, gzip: a.gzip + b.gzip, brotli: a.brotli + b.brotli });

export const sizes = (bytes) => ({
  raw: bytes.length,
  gzip: gzipSync(bytes, { level: 9 }).length,
  brotli: brotliCompressSync(bytes).length,
});

/** As a user's bundler does it. */
async function bundle(contents, conditions) {
  const { outputFiles, metafile } = await esbuild.build({
    stdin: { contents, resolveDir: PKG },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    conditions,
    external: ["*.wasm", "node:*", "cloudflare:*"],
    write: false,
    metafile: true,
    logLevel: "warning",
  });
  const { imports } = Object.values(metafile.outputs)[0];
  return { code: outputFiles[0].contents, hasWasm: imports.some(({ path }) => path.endsWith(".wasm")) };
}

/** size-budget.json: what each entry may have, and what it should come to. */
export const budget = () => JSON.parse(readFileSync(join(root, "size-budget.json"), "utf8"));
