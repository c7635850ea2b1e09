// What the tasks need and a machine may lack. Runs on Node 20, without packages. A need is
//   name, cost, place     what it is, how much and how long it takes to install (roughly), and where it goes
//   isMissing()           whether it has to be installed
//   mayInstall()          whether that may be done here, without asking
//   install()             does it; whether it worked, isMissing() tells
//   command               what a person runs instead
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { debianPackages } from "./debian.mjs";
import {
  cachedTool,
  capture,
  chromedriver,
  minimumNode,
  root,
  searchPath,
  taskNode,
  toolchainWithTarget,
  versions,
  wasmTarget,
  which,
} from "./env.mjs";

const always = () => true;
const never = () => false;

/** The needs of a task, in the order in which they can be installed. */
export function needsOf(task) {
  return task === "test" ? [...build(), ...tests()] : build();
}

const build = () => [startNode(), node(), packages(), linker(), rust(), target()];

const tests = () => [
  lints(),
  oldestTypeScript(),
  // Its published lock file pins versions that not every index still has; the program itself builds without it.
  cargoTool("wasm-bindgen", "wasm-bindgen-cli", versions.wasmBindgen, ["--debug"], "410 MB, 2 min"),
  cargoTool("wasm-pack", "wasm-pack", versions.wasmPack, ["--locked", "--debug"], "80 MB, 2 min"),
  chromium(),
  firefox(),
  cargoTool("geckodriver", "geckodriver", versions.geckodriver, ["--locked", "--debug"], "90 MB, 2 min"),
  prometheus(),
  valgrind(),
];

/** What starts the tasks, and installs the rest. */
function startNode() {
  return {
    name: `Node ${minimumNode} or newer (this is ${process.versions.node})`,
    isMissing: () => Number.parseInt(process.versions.node, 10) < minimumNode,
    mayInstall: never,
    command: "see https://nodejs.org",
  };
}

/** What the tasks run under: wrangler and TypeScript files need a newer one than the package does. */
function node() {
  const prefix = cachedTool("node", versions.node);
  const args = ["install", "--prefix", prefix, `node@${versions.node}`, ...NPM_OPTIONS];
  return {
    name: `Node ${versions.node}, beside your ${process.versions.node}`,
    cost: "190 MB, 10 s",
    place: prefix,
    isMissing: () => taskNode() === null || capture(taskNode(), ["--version"]) === null,
    mayInstall: always,
    install: () => run("npm", args),
    command: `npm ${args.join(" ")}`,
  };
}

/** Beside the pinned one: the declarations are compiled by both. */
function oldestTypeScript() {
  const version = versions.oldestTypeScript;
  const prefix = cachedTool("typescript", version);
  const args = ["install", "--prefix", prefix, `typescript@${version}`, ...NPM_OPTIONS];
  return {
    name: `TypeScript ${version}`,
    cost: "65 MB, 5 s",
    place: prefix,
    isMissing: () => !existsSync(join(prefix, "node_modules", "typescript", "bin", "tsc")),
    mayInstall: always,
    install: () => run("npm", args),
    command: `npm ${args.join(" ")}`,
  };
}

function packages() {
  // Not `npm ci`: it refuses a lock file that lacks the binaries of some foreign platform, and where a registry does not
  // hold them all, npm leaves them out when it writes the lock. The versions and hashes that are locked hold here too.
  const args = ["install", "--no-save", ...NPM_OPTIONS];
  return {
    name: "the npm packages of package-lock.json",
    cost: "0.9 GB, 1 min",
    place: join(root, "node_modules"),
    isMissing: () => !packagesAreCurrent(),
    mayInstall: always,
    install: () => run("npm", args),
    command: `npm ${args.join(" ")}`,
  };
}

/** Offline, npm would try for seven minutes before it says so. */
const RETRIES = ["--fetch-retries=2", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=3000"];
const NPM_OPTIONS = ["--no-audit", "--no-fund", "--loglevel=error", ...RETRIES];

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

const linker = () =>
  debianPackages(["gcc", "libc6-dev"], {
    name: "a C linker, for Rust",
    cost: "180 MB, 20 s",
    isMissing: () => !["cc", "gcc", "clang"].some((name) => which(name)),
  });

function rust() {
  const oldest = readFileSync(join(root, "Cargo.toml"), "utf8").match(/rust-version = "([^"]+)"/)[1];
  const found = which("cargo") && capture("rustc", ["--version"])?.match(/\d+\.\d+/)[0];
  const install = "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y";
  return {
    name: `Rust ${oldest} or newer${found ? ` (this is ${found})` : ""}`,
    isMissing: () => !found || minor(found) < minor(oldest),
    mayInstall: never,
    command: found ? "rustup update stable" : install,
  };
}

/** Of Rust 1.x. */
const minor = (version) => Number(version.split(".")[1]);

function target() {
  return {
    name: `the Rust target ${wasmTarget}`,
    cost: "by rustup 80 MB, 10 s; else Debian's rustc-web 500 MB, 3 min",
    place: "your Rust toolchain",
    isMissing: () => toolchainWithTarget() === null,
    mayInstall: () => which("rustup") !== null || debianPackages([], {}).mayInstall() || !which("cargo"),
    install: () => run("bash", [join(root, "tools", "setup-wasm-target.sh")]),
    command: `rustup target add ${wasmTarget}`,
  };
}

function lints() {
  const env = () => {
    const toolchain = toolchainWithTarget();
    return toolchain ? { RUSTUP_TOOLCHAIN: toolchain } : {};
  };
  return {
    name: "rustfmt and clippy",
    cost: "20 MB, 10 s",
    place: "your Rust toolchain",
    isMissing: () => ["fmt", "clippy"].some((name) => capture("cargo", [name, "--version"], env()) === null),
    mayInstall: always,
    install: () => run("rustup", ["component", "add", "rustfmt", "clippy"], env()),
    command: "rustup component add rustfmt clippy",
  };
}

/** Into cargo's own bin folder where there is none; beside a contributor's other version where there is one. */
function cargoTool(program, crate, version, flags, cost) {
  const found = versionOf(program);
  const beside = found && found !== version ? cachedTool(program, version) : null;
  const args = ["install", crate, "--version", version, ...flags, ...(beside ? ["--root", beside] : [])];
  return {
    name: `${crate} ${version}${beside ? `, beside your ${found}` : ""}`,
    cost,
    place: beside ?? "cargo's bin folder",
    isMissing: () => versionOf(program) !== version,
    mayInstall: always,
    install: () => run("cargo", args),
    command: `cargo ${args.join(" ")}`,
  };
}

/** Some programs print a license after their version. */
const versionOf = (program) => capture(program, ["--version"])?.match(/\d+\.\d+\.\d+/)?.[0];

const chromium = () =>
  debianPackages(["chromium", "chromium-driver"], {
    name: "Chromium and its driver",
    cost: "300 MB, 20 s",
    isMissing: () =>
      chromedriver() === null || isLinuxWithout("chromium", "chromium-browser", "google-chrome"),
  });

const firefox = () =>
  debianPackages(["firefox-esr"], {
    name: "Firefox",
    cost: "280 MB, 20 s",
    isMissing: () => isLinuxWithout("firefox", "firefox-esr"),
  });

/** Elsewhere a browser is no program on PATH. */
const isLinuxWithout = (...programs) =>
  process.platform === "linux" && !programs.some((program) => which(program));

function prometheus() {
  const need = debianPackages(["prometheus"], {
    name: "Prometheus and promtool",
    cost: "100 MB, 10 s",
    isMissing: () => !which("prometheus") || !which("promtool"),
    systems: ["debian", "ubuntu"],
  });
  return process.platform === "darwin" ? { ...need, command: "brew install prometheus" } : need;
}

/** It counts instructions; where it cannot be installed, as on macOS, that suite is left out. */
function valgrind() {
  const need = debianPackages(["valgrind"], {
    name: "valgrind",
    cost: "80 MB, 10 s",
    isMissing: () => which("valgrind") === null,
    systems: ["debian", "ubuntu"],
  });
  return need.isSystem ? need : { ...need, isMissing: never };
}

function run(program, args, more = {}) {
  const env = { ...process.env, PATH: searchPath(), ...more };
  spawnSync(program, args, { cwd: root, stdio: ["ignore", 2, 2], env });
}
