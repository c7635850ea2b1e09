// Installs what a task needs and the machine lacks, and nothing else. Runs on Node 18 and up, without packages.
//   node scripts/setup.mjs [demo | build | test]      (default: test, which needs everything)
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  cachedTool,
  capture,
  chromedriver,
  environment,
  root,
  searchPath,
  taskNode,
  toolchainWithTarget,
  versions,
  wasmTarget,
  which,
} from "../tools/env.mjs";

/** Something that setup could not install: what is missing, and the command that gets it. */
export class Missing extends Error {
  constructor(what, command) {
    super(`missing: ${what}\n  get it with: ${command}`);
  }
}

/** Makes the machine ready for `task`; returns the environment to run it in. */
export function setup(task = "test") {
  const started = Date.now();
  needNode();
  needPackages();
  needLinker();
  needRust();
  const toolchain = needTarget();
  if (task === "test") {
    needLints(toolchain);
    needBindgen();
    needWasmPack();
    needBrowser();
    needFirefox();
    needPrometheus();
    wantValgrind();
  }
  say(`ready (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  return environment(toolchain);
}

function needNode() {
  if (taskNode()) return;
  say(
    `Node ${process.versions.node} is too old for workerd's tooling: installing ${versions.node} beside it`,
  );
  const prefix = cachedTool("node", versions.node);
  npm(["install", "--prefix", prefix, `node@${versions.node}`], prefix);
  if (!taskNode() || !capture(taskNode(), ["--version"]))
    throw new Missing("Node 22.18 or newer", "https://nodejs.org");
}

function needPackages() {
  if (packagesAreCurrent()) return;
  say("installing the npm packages of package-lock.json");
  // Not `npm ci`: it refuses a lock file that lacks the binaries of some foreign platform, and where a registry does not
  // hold them all, npm leaves them out when it writes the lock. The versions and hashes that are locked hold here too.
  npm(["install", "--no-save"], root);
}

/** npm writes its own copy of the lock into node_modules when an install is complete: that is the stamp. */
function packagesAreCurrent() {
  const stamp = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(stamp)) return false;
  const { packages: installed } = JSON.parse(readFileSync(stamp, "utf8"));
  const { packages: locked } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return Object.entries(locked).every(([path, { optional, version }]) => {
    if (path === "" || (optional && !installed[path])) return true;
    return installed[path]?.version === version;
  });
}

function needLinker() {
  if (["cc", "gcc", "clang"].some((name) => which(name))) return;
  apt("a C linker for Rust", ["gcc", "libc6-dev"]);
}

function needRust() {
  const oldest = readFileSync(join(root, "Cargo.toml"), "utf8").match(/rust-version = "([^"]+)"/)[1];
  const found = capture("rustc", ["--version"]);
  if (!found || !which("cargo")) {
    const command = "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y";
    throw new Missing(`Rust ${oldest} or newer`, command);
  }
  const [, major, minor] = found.match(/(\d+)\.(\d+)/).map(Number);
  const [needMajor, needMinor] = oldest.split(".").map(Number);
  if (major < needMajor || (major === needMajor && minor < needMinor)) {
    throw new Missing(`Rust ${oldest} or newer (this is ${found})`, "rustup update stable");
  }
}

function needTarget() {
  const ready = toolchainWithTarget();
  if (ready !== null) return ready;
  say(`adding the Rust target ${wasmTarget}`);
  const script = join(root, "scripts", "setup-wasm-target.sh");
  const done = spawnSync("bash", [script], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    env: toolEnv(),
  });
  if (done.status !== 0)
    throw new Missing(`the Rust target ${wasmTarget}`, `rustup target add ${wasmTarget}`);
  return done.stdout.trim();
}

function needLints(toolchain) {
  const env = toolchain ? { RUSTUP_TOOLCHAIN: toolchain } : {};
  const lacks = () => ["fmt", "clippy"].filter((name) => capture("cargo", [name, "--version"], env) === null);
  if (lacks().length === 0) return;
  say("adding rustfmt and clippy");
  capture("rustup", ["component", "add", "rustfmt", "clippy"], env);
  if (lacks().length > 0) throw new Missing("rustfmt and clippy", "rustup component add rustfmt clippy");
}

/** Of the tests in Node and in browsers alone: the package is built without. */
function needBindgen() {
  // Its published lock file pins versions that not every index still has; the program itself builds without it.
  cargoTool("wasm-bindgen", "wasm-bindgen-cli", versions.wasmBindgen, ["--debug"]);
}

function needWasmPack() {
  cargoTool("wasm-pack", "wasm-pack", versions.wasmPack, ["--locked", "--debug"]);
}

/** Into cargo's own bin folder where there is none; beside a contributor's other version where there is one. */
function cargoTool(program, crate, version, flags) {
  const found = versionOf(program);
  if (found === version) return;
  const beside = found ? ["--root", cachedTool(program, version)] : [];
  say(`building ${crate} ${version}${found ? ` beside the ${found} on PATH` : ""} (a minute or more)`);
  const args = ["install", crate, "--version", version, ...flags, ...beside];
  if (!run("cargo", args) || versionOf(program) !== version) {
    throw new Missing(`${crate} ${version}`, `cargo ${args.join(" ")}`);
  }
}

/** Some programs print a licence after their version. */
const versionOf = (program) => capture(program, ["--version"])?.match(/\d+\.\d+\.\d+/)?.[0];

function needBrowser() {
  const browsers = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  if (chromedriver() && (process.platform !== "linux" || browsers.some((name) => which(name)))) return;
  apt("Chromium and its driver", ["chromium", "chromium-driver"]);
}

function needFirefox() {
  if (!which("firefox") && !which("firefox-esr") && process.platform === "linux")
    apt("Firefox", ["firefox-esr"]);
  cargoTool("geckodriver", "geckodriver", versions.geckodriver, ["--locked", "--debug"]);
}

function needPrometheus() {
  if (which("prometheus") && which("promtool")) return;
  if (process.platform === "darwin") throw new Missing("Prometheus", "brew install prometheus");
  apt("Prometheus and promtool", ["prometheus"], ["debian", "ubuntu"]);
}

/** It counts instructions; where there is none, as on macOS, that suite is left out. */
function wantValgrind() {
  if (which("valgrind") || !isSystem(["debian", "ubuntu"])) return;
  apt("valgrind", ["valgrind"], ["debian", "ubuntu"]);
}

/** Ubuntu's own chromium is a snap, so only what says so is taken from there. */
function apt(what, packages, systems = ["debian"]) {
  const install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", ...packages];
  const sudo = process.getuid?.() === 0 ? [] : ["sudo"];
  const command = [...sudo, ...install].join(" ");
  if (!isSystem(systems) || (sudo.length > 0 && !which("sudo"))) throw new Missing(what, command);
  say(`installing ${packages.join(" and ")}`);
  const [program, ...first] = [...sudo, "apt-get", "update", "-qq"];
  run(program, first);
  const [again, ...args] = [...sudo, "env", "DEBIAN_FRONTEND=noninteractive", ...install];
  if (!run(again, args)) throw new Missing(what, command);
}

function isSystem(ids) {
  const release = "/etc/os-release";
  if (!existsSync(release)) return false;
  return ids.includes(readFileSync(release, "utf8").match(/^ID=(.*)$/m)?.[1]);
}

function npm(args, folder) {
  const all = [...args, "--no-audit", "--no-fund", "--loglevel=error"];
  if (!run("npm", all)) throw new Missing(`npm packages in ${folder}`, `npm ${all.join(" ")}`);
}

function run(program, args) {
  return (
    spawnSync(program, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"], env: toolEnv() })
      .status === 0
  );
}

const toolEnv = () => ({ ...process.env, PATH: searchPath() });

const say = (line) => console.error(`setup: ${line}`);

/** setup(), with a failure told in plain words instead of a stack. */
export function setupOrExit(task) {
  try {
    return setup(task);
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    console.error(`setup: ${error.message}`);
    process.exit(1);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) setupOrExit(process.argv[2]);
