// Where things are, and the environment every task runs in. Runs on Node 20 and up, without packages.
import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const wasmTarget = "wasm32-unknown-unknown";

/** The oldest Node that runs the package, and that starts the tasks here: package.json says it. */
export const minimumNode = Number.parseInt(
  JSON.parse(readFileSync(join(root, "package.json"), "utf8")).engines.node.slice(">=".length),
  10,
);

/** What this repository needs beside its lock files. The bindgen CLI must match the library to the digit. */
export const versions = {
  node: "24.21.0",
  wasmBindgen: lockedVersion("wasm-bindgen"),
  wasmPack: "0.15.1",
  geckodriver: "0.37.0",
  /** The oldest that the package's declarations work with: the first that reads "exports". */
  oldestTypeScript: "4.7.4",
};

/** Tools that must not replace a contributor's own live here, one folder a version. */
export const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "tidegate");
export const cachedTool = (name, version) => join(cache, `${name}-${version}`);

export const cargoHome = process.env.CARGO_HOME || join(homedir(), ".cargo");
const cargoBin = join(cargoHome, "bin");
const cachedNode = join(cachedTool("node", versions.node), "node_modules", "node", "bin", "node");

/** wrangler 4 asks for 22.12; TypeScript files run unflagged from 22.18. */
export function nodeIsRecent(version = process.versions.node) {
  const [major, minor] = version.split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 18);
}

/** The Node that tasks run under, or null while it is not installed. */
export function taskNode() {
  if (nodeIsRecent()) return process.execPath;
  return existsSync(cachedNode) ? cachedNode : null;
}

/** First the Node of the tasks, then what package-lock.json pins, then the pinned tools, then the machine's own. */
export function searchPath() {
  const node = taskNode();
  return [
    ...(node ? [dirname(node)] : []),
    join(root, "node_modules", ".bin"),
    join(cachedTool("wasm-bindgen", versions.wasmBindgen), "bin"),
    join(cachedTool("wasm-pack", versions.wasmPack), "bin"),
    join(cachedTool("geckodriver", versions.geckodriver), "bin"),
    ...(process.env.PATH ?? "").split(delimiter).filter(Boolean),
    // Last: rustup's folder is often not yet on the PATH of a fresh shell.
    cargoBin,
  ].join(delimiter);
}

/** The full path of a program, or null. */
export function which(name, path = searchPath()) {
  return (
    path
      .split(delimiter)
      .map((folder) => join(folder, name))
      .find(isExecutable) ?? null
  );
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What a program prints, or null if it cannot be run or fails. */
export function capture(program, args, env = {}) {
  try {
    const options = { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] };
    return execFileSync(program, args, {
      ...options,
      env: { ...process.env, PATH: searchPath(), ...env },
    }).trim();
  } catch {
    return null;
  }
}

/** The value for RUSTUP_TOOLCHAIN under which the wasm target is there; "" = the default one; null = none has it. */
export function toolchainWithTarget() {
  const asked = process.env.RUSTUP_TOOLCHAIN;
  return (asked ? [asked] : ["", "debian"]).find(hasTarget) ?? null;
}

function hasTarget(toolchain) {
  const choice = toolchain ? { RUSTUP_TOOLCHAIN: toolchain } : {};
  const folder = capture("rustc", ["--print", "target-libdir", "--target", wasmTarget], choice);
  return (
    folder !== null && existsSync(folder) && readdirSync(folder).some((file) => file.startsWith("libstd-"))
  );
}

export function chromedriver() {
  const beside = process.env.CHROMEWEBDRIVER && join(process.env.CHROMEWEBDRIVER, "chromedriver");
  return (
    [process.env.CHROMEDRIVER, beside].find((path) => path && isExecutable(path)) ?? which("chromedriver")
  );
}

/** The environment of every task; `toolchain` as from toolchainWithTarget(). */
export function environment(toolchain = toolchainWithTarget()) {
  const driver = chromedriver();
  const firefoxDriver = which("geckodriver");
  return {
    ...process.env,
    PATH: searchPath(),
    ...(toolchain ? { RUSTUP_TOOLCHAIN: toolchain } : {}),
    ...(driver ? { CHROMEDRIVER: driver } : {}),
    ...(firefoxDriver ? { GECKODRIVER: firefoxDriver } : {}),
    // The package must run on the machine's own Node as well, however old: the package tests ask for it.
    TIDEGATE_MACHINE_NODE: process.env.TIDEGATE_MACHINE_NODE ?? process.execPath,
    // Nothing here may phone home or ask a question.
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
  };
}

function lockedVersion(crate) {
  const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  return lock.match(new RegExp(`name = "${crate}"\\nversion = "([^"]+)"`))[1];
}
