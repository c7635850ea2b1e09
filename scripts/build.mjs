// Builds the npm package: cargo → wasm-opt → esbuild and tsc → pkg/.
import { spawnSync } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as esbuild from "esbuild";
import { hasStdSource } from "./_env.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const TARGET = "wasm32-unknown-unknown";
const WASM = join(ROOT, "build", "wasm");
/** The same crate without the feature `full`. */
const SLIM = join(ROOT, "build", "wasm-slim");
const MODULE = "tidegate.wasm";
const PKG = join(ROOT, "pkg");
const DIST = join(PKG, "dist");

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

/** The engine as one wasm module, in `folder`. */
export async function buildWasm(folder = WASM, features = []) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "std"), compile(features));
  optimize(folder, ["--strip-debug", "--strip-producers"]);
}

/** The same module with the names of its functions, for those who ask what fills it. */
export function namedWasm(folder) {
  return optimize(folder, ["-g"]);
}

/** What cargo has compiled last, smaller. The features it may use stand in the module, and go when they are known. */
function optimize(folder, names) {
  const compiled = join(
    process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"),
    TARGET,
    "release",
    "tidegate.wasm",
  );
  const module = join(folder, MODULE);
  local("wasm-opt", [...SMALL_WASM, ...names, "--strip-target-features", compiled, "-o", module]);
  return module;
}

/** Compiles; answers which standard library is in it: "small", or "prebuilt" where there is no source to build one from. */
function compile(features) {
  // The cdylib alone: together with the rlib it would silently lose link-time optimization.
  const args = ["rustc", "--release", "--lib", "--crate-type", "cdylib", "--target", TARGET, ...features];
  if (hasStdSource()) {
    const env = { ...process.env, RUSTC_BOOTSTRAP: "1" };
    const { status } = spawnSync("cargo", [...args, ...SMALL_STD, ...READABLE, ...SMALL_CODE], {
      cwd: ROOT,
      stdio: "inherit",
      env,
    });
    if (status === 0) return "small";
  }
  console.error("build: the wasm is larger than need be: run rustup component add rust-src");
  run("cargo", [...args, ...READABLE], "Install Rust (https://rustup.rs), then run npm run setup.");
  return "prebuilt";
}

/**
 * Below the first kilobyte is but the end of the stack. What calls have no effect is known only once all is optimized,
 * so it is optimized twice. Alignment is a hint that no engine takes: told as the same everywhere, it compresses better, as
 * does a value that is computed again instead of kept. And what belongs together compresses better side by side.
 */
const SMALL_WASM = [
  ...["-O3", "--low-memory-unused", "--skip-pass=local-cse", "--generate-global-effects", "-O3"],
  ...["--dealign", "--reorder-functions-by-name"],
];

/** Names of functions as people write them, for who asks what fills the module: what ships has none. */
const READABLE = ["--", "-C", "link-arg=--demangle"];

/**
 * A loop's addresses are not made variables of their own: the engines that compile wasm see to that themselves. And what
 * the compiler thinks worth inlining is a little more than at "z": one function less is often smaller, too.
 */
const SMALL_CODE = ["-C", "llvm-args=-disable-lsr -inline-threshold=7"];

/** A standard library built for size, whose panics trap at once: nothing here could show their texts. */
const SMALL_STD = [
  ...["-Z", "build-std=std,panic_abort", "-Z", "build-std-features=optimize_for_size"],
  ...["-Z", "panic-immediate-abort", "--config", 'profile.release.panic="immediate-abort"'],
];

/** How each runtime gets its wasm: js/entries, one engine file each. */
const ENGINES = [
  { name: "workerd", formats: ["esm"] },
  { name: "edge-light", formats: ["esm"] },
  { name: "inline", formats: ["esm", "cjs"] },
];

/** What is imported of it: js/<surface>.ts, one file an engine. The index has the engine's own name. */
const SURFACES = ["index", "stats", "sampling"];

/** What needs no engine of its own. */
const ADAPTERS = ["workers", "node", "hono", "fetch", "browser"];

/** Gives the inline entry the module's bytes as text. */
const inlineWasm = {
  name: "inline-wasm",
  setup(build) {
    build.onResolve({ filter: /^tidegate:core$/ }, ({ path }) => ({ path, namespace: "core" }));
    build.onLoad({ filter: /.*/, namespace: "core" }, async () => {
      const bytes = await readFile(join(WASM, MODULE));
      return { contents: `export default ${JSON.stringify(bytes.toString("base64"))}`, loader: "js" };
    });
  },
};

/** Leaves the engine out of a surface: all surfaces import one file, so they share one instance. */
function sharedEngine(file) {
  return {
    name: "shared-engine",
    setup(build) {
      build.onResolve({ filter: /\/(errors|wasm\/\w+)\.[jt]s$/ }, () => ({
        path: file,
        external: true,
      }));
    },
  };
}

/** Whitespace and syntax are minified, names are kept: a stack trace from a user stays readable. */
async function bundle() {
  const extension = { esm: "js", cjs: "cjs" };
  for (const { name, formats } of ENGINES) {
    for (const format of formats) {
      const engine = `${name}-engine.${extension[format]}`;
      await emit(`js/entries/${name}.ts`, engine, format, inlineWasm);
      for (const surface of SURFACES) {
        const file = surface === "index" ? name : `${name}-${surface}`;
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
  for (const format of ["esm", "cjs"]) await emit("js/slim.ts", `slim.${extension[format]}`, format);
  await cp(join(WASM, MODULE), join(DIST, "core.wasm"));
  await cp(join(SLIM, MODULE), join(DIST, "slim.wasm"));
}

async function emit(source, file, format, ...plugins) {
  const { outputFiles } = await esbuild.build({
    write: false,
    absWorkingDir: ROOT,
    entryPoints: [source],
    outfile: join(DIST, file),
    bundle: true,
    format,
    platform: "neutral",
    target: "es2022",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    external: ["./core.wasm", "./core.wasm?module"],
    plugins,
    logLevel: "warning",
  });
  for (const { path, text } of outputFiles) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, unfollowed(text));
  }
}

/** Minified, an import by a variable has lost its word to bundlers: that there is nothing to follow. */
function unfollowed(text) {
  return text.replace(/\bimport\((?=\w+\))/g, "import(/* webpackIgnore: true */ /* @vite-ignore */ ");
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
    for (const name of ["core", "slim"]) {
      await writeFile(join(DIST, "types", `${name}.wasm.d.${extension}`), WASM_TYPES);
    }
  }
  for (const root of [...SURFACES, "slim", ...ADAPTERS.map((name) => `adapters/${name}`)]) {
    await reach(join(emitted, `${root}.d.ts`));
  }
}

const WASM_TYPES = "declare const module: WebAssembly.Module;\nexport default module;\n";
const IMPORT = /(?:from |import\()"(\.{1,2}\/[^"]+\.ts)"/g;

/** The template, the licenses, and the version of Cargo.toml, which is the only one. */
async function assemble() {
  await cp(join(ROOT, "pkg-template"), PKG, { recursive: true });
  for (const file of await readdir(ROOT)) {
    if (/^LICENSE/.test(file)) await cp(join(ROOT, file), join(PKG, file));
  }
  const [, version] = /^version = "(.+)"$/m.exec(await readFile(join(ROOT, "Cargo.toml"), "utf8")) ?? [];
  const manifest = JSON.parse(await readFile(join(PKG, "package.json"), "utf8"));
  const { name, ...rest } = manifest;
  await writeFile(join(PKG, "package.json"), `${JSON.stringify({ name, version, ...rest }, null, 2)}\n`);
}

/** Everything, into pkg/, which is what npm publishes. */
export async function build() {
  await buildWasm(SLIM, ["--no-default-features"]);
  // Last: what the target folder is left with is the whole one.
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
