// npm run size [-- --json | --wasm]: what a user of the built package ships, in bytes, beside its budget.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { root } from "./_env.mjs";
import { anatomy } from "./_wasm-names.mjs";

const PKG = join(root, "pkg");
/** No adapters: they are measured with their wasm, or have none. */
const SURFACES = [".", "./stats", "./sampling", "./manual"];

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
    ...adapters.map((path) => ({ name: `${path.slice(2)} alone`, source: whole(path) })),
  ];
}

/** The bytes of each entry: as they are, and compressed. */
export async function measure() {
  const core = sizes(readFileSync(join(PKG, "dist", "core.wasm")));
  const measured = await Promise.all(
    entries().map(async ({ name, source, isInline = false }) => {
      const { code, hasWasm } = await bundle(source, isInline ? [] : ["workerd", "worker"]);
      const [wasm, js] = [hasWasm ? core : NOTHING, sizes(code)];
      return { name, wasm, js, total: sum(wasm, js) };
    }),
  );
  return measured;
}

const NOTHING = { raw: 0, gzip: 0, brotli: 0 };

const sum = (a, b) => ({ raw: a.raw + b.raw, gzip: a.gzip + b.gzip, brotli: a.brotli + b.brotli });

const sizes = (bytes) => ({
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
    external: ["*.wasm", "node:*"],
    write: false,
    metafile: true,
    logLevel: "warning",
  });
  const { imports } = Object.values(metafile.outputs)[0];
  return { code: outputFiles[0].contents, hasWasm: imports.some(({ path }) => path.endsWith(".wasm")) };
}

/** size-budget.json: what each entry may have, and what it should come to. */
export const budget = () => JSON.parse(readFileSync(join(root, "size-budget.json"), "utf8"));

async function report() {
  const limits = budget();
  const width = 24;
  const cell = (value) => String(value ?? "").padStart(9);
  const head = ["wasm gzip", "js raw", "js gzip", "gzip", "brotli", "budget", "target"];
  console.log("entry".padEnd(width) + head.map(cell).join(" "));
  for (const { name, wasm, js, total } of await measure()) {
    const { gzip, target } = limits[name] ?? {};
    const row = [wasm.gzip, js.raw, js.gzip, total.gzip, total.brotli, gzip, target];
    console.log(name.padEnd(width) + row.map(cell).join(" "));
  }
  const core = sizes(readFileSync(join(PKG, "dist", "core.wasm")));
  console.log(`core.wasm: ${core.raw} bytes, gzip ${core.gzip}, brotli ${core.brotli}`);
}

/** Groups are compressed one by one, so they add up to a little more than the whole. An exported method holds what is inlined into it. */
async function reportWasm() {
  const { namedWasm } = await import("./build.mjs");
  const folder = mkdtempSync(join(tmpdir(), "tidegate-size-"));
  const { sections, functions } = anatomy(readFileSync(namedWasm(join(folder, "named.wasm"))));
  rmSync(folder, { recursive: true });
  for (const [name, bytes] of sections) {
    // It is not shipped.
    if (name !== "name") console.log(`${String(bytes).padStart(8)}  section ${name}`);
  }
  const groups = Map.groupBy(functions, ({ owner }) => owner);
  const rows = [...groups].map(([owner, members]) => ({
    owner,
    count: members.length,
    ...sizes(Buffer.concat(members.map(({ code }) => code))),
  }));
  console.log("\n    gzip       raw  functions  owner");
  for (const { owner, count, raw, gzip } of rows.sort((a, b) => b.gzip - a.gzip).slice(0, 40)) {
    console.log(
      [String(gzip).padStart(8), String(raw).padStart(8), String(count).padStart(9), owner].join("  "),
    );
  }
  console.log("\n     raw  function");
  for (const { name, bytes } of functions.sort((a, b) => b.bytes - a.bytes).slice(0, 60)) {
    console.log(`${String(bytes).padStart(8)}  ${name}`);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (process.argv.includes("--wasm")) await reportWasm();
  else if (process.argv.includes("--json")) console.log(JSON.stringify(await measure(), null, 2));
  else await report();
}
