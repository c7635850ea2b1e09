// The engine as a wasm module, and the JavaScript that calls into it.
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cargoHome, root, wasmTarget } from "./env.mjs";

/** What wasm-bindgen writes. */
const GENERATED = join(root, "js", "wasm", "generated");

/** The module as it is shipped. */
export const wasmFile = join(root, "build", "wasm", "tidegate.wasm");

/** Panic messages name source files, but not where they lie on this machine: so every machine builds the same bytes. */
const WITHOUT_FOLDERS = `--remap-path-prefix=${join(cargoHome, "registry", "src")}=crates`;

/** Writes the module to `wasmFile`, and its JavaScript to js/wasm/generated. */
export function buildWasm() {
  // The cdylib alone: together with the rlib it would silently lose link-time optimization.
  const crate = ["--release", "--lib", "--crate-type", "cdylib", "--target", wasmTarget];
  cargo(["rustc", ...crate], { CARGO_ENCODED_RUSTFLAGS: WITHOUT_FOLDERS });
  rmSync(GENERATED, { recursive: true, force: true });
  const compiled = join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), wasmTarget, "release");
  cargo([
    "run",
    "--quiet",
    "--package",
    "tidegate-bindgen",
    "--",
    join(compiled, "tidegate.wasm"),
    GENERATED,
  ]);
  mkdirSync(dirname(wasmFile), { recursive: true });
  optimize(wasmFile, "--strip-debug");
  writeVersion();
}

/** The same module with the names of its functions, for those who ask what fills it. */
export function namedWasm(file) {
  optimize(file, "-g");
  return file;
}

/** The version of Cargo.toml, which is the only one. */
export function packageVersion() {
  return /^version = "(.+)"$/m.exec(readFileSync(join(root, "Cargo.toml"), "utf8"))[1];
}

/** Into the module and beside its JavaScript, which refuses the module of another version. */
function writeVersion() {
  const version = packageVersion();
  appendFileSync(wasmFile, customSection("tidegate", version));
  writeFileSync(join(GENERATED, "version.ts"), `export const VERSION: string = "${version}";\n`);
}

/** https://webassembly.github.io/spec/core/binary/modules.html#custom-section; for short texts, lengths are one byte. */
function customSection(name, text) {
  const content = Buffer.from(String.fromCharCode(name.length) + name + text, "latin1");
  if (content.length > 127) throw new Error(`${text} is too long for a custom section of this kind`);
  return Buffer.concat([Buffer.of(0, content.length), content]);
}

function optimize(file, names) {
  const program = join(root, "node_modules", ".bin", "wasm-opt");
  const input = join(GENERATED, "tidegate_bg.wasm");
  run(program, [...PASSES, names, input, "-o", file], "Run npm install first.");
}

/** What each of them saves stands in docs/design/size-notebook.md. */
const PASSES = [
  // Rust has inlined what is worth it: further copies save no measurable time.
  "--one-caller-inline-max-function-size=10",
  "--flexible-inline-max-function-size=6",
  // Nothing but the end of the stack lies in the first kilobyte: constants are folded into addresses.
  "--low-memory-unused",
  // It knows which calls change nothing.
  "--generate-global-effects",
  "-O3",
  // Nested expressions become lists of instructions, and the flow of control is written anew: both leave less to write.
  "--flatten",
  "--rereloop",
  "-Oz",
  "-Oz",
  // The functions of a module stand together, and all alignments are the same: both compress better.
  "--reorder-functions-by-name",
  "--dealign",
  // It is for tools that read the module again, which none does.
  "--strip-target-features",
];

const cargo = (args, env) =>
  run("cargo", args, "Install Rust (https://rustup.rs), then run npm run setup.", env);

/** Runs a tool from the repository root; its failure is ours, with what to do about it. */
function run(tool, args, remedy, env = {}) {
  const options = { cwd: root, stdio: "inherit", env: { ...process.env, ...env } };
  const { error, status } = spawnSync(tool, args, options);
  if (error?.code === "ENOENT") throw new Error(`${tool} was not found. ${remedy}`);
  if (error) throw error;
  if (status !== 0) throw new Error(`${tool} ${args[0]} failed with code ${status}.`);
}
