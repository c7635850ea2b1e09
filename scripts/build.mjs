// Builds the npm package: cargo → wasm-opt → esbuild and tsc → pkg/.
import { spawnSync } from "node:child_process";
import { appendFile, cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as esbuild from "esbuild";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const TARGET = "wasm32-unknown-unknown";
const WASM = join(ROOT, "build", "wasm");
/** What wasm-bindgen writes. */
const GENERATED = join(ROOT, "js", "wasm", "generated");
const MODULE = "tidegate.wasm";
const PKG = join(ROOT, "pkg");
const DIST = join(PKG, "dist");
const RUST = "Install Rust (https://rustup.rs), then run npm run setup.";

/** Runs a tool from the repository root; its failure is ours, with what to do about it. */
function run(tool, args, remedy) {
  const { error, status } = spawnSync(tool, args, { cwd: ROOT, stdio: "inherit" });
  if (error?.code === "ENOENT") throw new Error(`${tool} was not found. ${remedy}`);
  if (error) throw error;
  if (status !== 0) throw new Error(`${tool} ${args[0]} failed with code ${status}.`);
}

/** A tool that npm has installed. */
function local(tool, args) {
  run(join(ROOT, "node_modules", ".bin", tool), args, "Run npm install first.");
}

/** The engine as a wasm module, and the JavaScript that calls into it. */
export async function buildWasm() {
  compile();
  await rm(GENERATED, { recursive: true, force: true });
  await mkdir(WASM, { recursive: true });
  run("cargo", ["run", "--quiet", "--package", "tidegate-bindgen", "--", compiled(), GENERATED], RUST);
  optimize(join(WASM, MODULE), ["--strip-debug"]);
  await writeVersion();
}

/** Into the module and beside its JavaScript, which refuses the module of another version. */
async function writeVersion() {
  const version = await packageVersion();
  await appendFile(join(WASM, MODULE), customSection("tidegate", version));
  await writeFile(join(GENERATED, "version.ts"), `export const VERSION: string = "${version}";\n`);
}

/** https://webassembly.github.io/spec/core/binary/modules.html#custom-section; for short texts, lengths are one byte. */
function customSection(name, text) {
  const content = Buffer.from(String.fromCharCode(name.length) + name + text, "latin1");
  if (content.length > 127) throw new Error(`${text} is too long for a custom section of this kind`);
  return Buffer.concat([Buffer.of(0, content.length), content]);
}

/** The version of Cargo.toml, which is the only one. */
async function packageVersion() {
  const [, version] = /^version = "(.+)"$/m.exec(await readFile(join(ROOT, "Cargo.toml"), "utf8")) ?? [];
  return version;
}

/** The same module with the names of its functions, for those who ask what fills it. */
export function namedWasm(file) {
  optimize(file, ["-g"]);
  return file;
}

/** The cdylib alone: together with the rlib it would silently lose link-time optimization. */
function compile() {
  run("cargo", ["rustc", "--release", "--lib", "--crate-type", "cdylib", "--target", TARGET], RUST);
}

const compiled = () => join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), TARGET, "release", MODULE);

function optimize(file, names) {
  local("wasm-opt", ["-O3", ...names, join(GENERATED, "tidegate_bg.wasm"), "-o", file]);
}

/** How each runtime gets its wasm: js/entries, one engine file each. */
const ENGINES = [
  { name: "workerd", formats: ["esm"] },
  { name: "edge-light", formats: ["esm"] },
  { name: "inline", formats: ["esm", "cjs"] },
  { name: "manual", formats: ["esm", "cjs"] },
];

/** What is imported of it: js/<surface>.ts, one file an engine. The index has the engine's own name. */
const SURFACES = ["index", "stats", "sampling"];
const surfacesOf = (engine) => (engine === "manual" ? ["manual"] : SURFACES);

/** What needs no engine of its own. */
const ADAPTERS = ["workers", "node", "hono", "fetch", "browser"];

/** Gives the inline entry the module's bytes as text. */
const inlineWasm = {
  name: "inline-wasm",
  setup(build) {
    build.onResolve({ filter: /^tidegate:core$/ }, ({ path }) => ({ path, namespace: "core" }));
    build.onLoad({ filter: /.*/, namespace: "core" }, async () => {
      // What this loader reads is not repeated in the source map.
      return { contents: await readFile(join(WASM, MODULE)), loader: "base64" };
    });
  },
};

/** Leaves the engine out of a surface: all surfaces import one file, so they share one instance. */
function sharedEngine(file) {
  return {
    name: "shared-engine",
    setup(build) {
      build.onResolve({ filter: /\/(errors|wasm\/[\w/-]+)\.[jt]s$/ }, () => ({
        path: file,
        external: true,
      }));
    },
  };
}

async function bundle() {
  const extension = { esm: "js", cjs: "cjs" };
  for (const { name, formats } of ENGINES) {
    for (const format of formats) {
      const engine = `${name}-engine.${extension[format]}`;
      await emit(`js/entries/${name}.ts`, engine, format, inlineWasm);
      for (const surface of surfacesOf(name)) {
        const file = surface === "index" || surface === name ? name : `${name}-${surface}`;
        const plugin = sharedEngine(`./${engine}`);
        await emit(`js/${surface}.ts`, `${file}.${extension[format]}`, format, plugin);
      }
    }
  }
  for (const name of ADAPTERS) {
    for (const format of ["esm", "cjs"]) {
      await emit(`js/adapters/${name}.ts`, `${name}.${extension[format]}`, format);
    }
  }
  await cp(join(WASM, MODULE), join(DIST, "core.wasm"));
}

/** Not minified, with source maps: an error that is thrown prints lines that people can read. */
async function emit(source, file, format, ...plugins) {
  await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: [source],
    outfile: join(DIST, file),
    bundle: true,
    format,
    platform: "neutral",
    target: "es2022",
    sourcemap: "linked",
    legalComments: "none",
    external: ["./core.wasm", "./core.wasm?module"],
    plugins,
    logLevel: "warning",
  });
}

/** Declarations that are reached from the public ones, once for import and once for require. */
async function declarations() {
  const emitted = join(ROOT, "build", "types");
  await rm(emitted, { recursive: true, force: true });
  local("tsc", [
    "--project",
    "tsconfig.json",
    "--noEmit",
    "false",
    "--emitDeclarationOnly",
    "--outDir",
    emitted,
  ]);
  const seen = new Set();
  const reach = async (file) => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = await readFile(file, "utf8");
    for (const [, specifier] of text.matchAll(IMPORT)) {
      await reach(join(dirname(file), specifier.replace(/\.ts$/, ".d.ts")));
    }
    const target = join(DIST, "types", relative(emitted, file));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(
      target,
      text.replaceAll(IMPORT, (all) => all.replace(/\.ts"/, '.js"')),
    );
    const commonjs = text.replaceAll(IMPORT, (all) => all.replace(/\.ts"/, '.cjs"'));
    await writeFile(target.replace(/\.d\.ts$/, ".d.cts"), commonjs);
  };
  await mkdir(join(DIST, "types"), { recursive: true });
  for (const extension of ["ts", "cts"]) {
    await writeFile(join(DIST, "types", `core.wasm.d.${extension}`), WASM_TYPES);
  }
  for (const root of [...SURFACES, "manual", ...ADAPTERS.map((name) => `adapters/${name}`)]) {
    await reach(join(emitted, `${root}.d.ts`));
  }
}

const WASM_TYPES = "declare const module: WebAssembly.Module;\nexport default module;\n";
const IMPORT = /(?:from |import\()"(\.{1,2}\/[^"]+\.ts)"/g;

/** The template, the licenses, and the version. */
async function assemble() {
  await cp(join(ROOT, "pkg-template"), PKG, { recursive: true });
  for (const file of await readdir(ROOT)) {
    if (/^LICENSE/.test(file)) await cp(join(ROOT, file), join(PKG, file));
  }
  const manifest = JSON.parse(await readFile(join(PKG, "package.json"), "utf8"));
  const { name, ...rest } = manifest;
  await writeFile(
    join(PKG, "package.json"),
    `${JSON.stringify({ name, version: await packageVersion(), ...rest }, null, 2)}\n`,
  );
}

/** Everything, into pkg/, which is what npm publishes. */
export async function build() {
  await buildWasm();
  await rm(PKG, { recursive: true, force: true });
  await mkdir(DIST, { recursive: true });
  await bundle();
  await declarations();
  await assemble();
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await build();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
