// Runs a fixture Worker in bare workerd: no wrangler, no miniflare, nothing that could hide an I/O context's rules.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import workerdBinary from "workerd";
import { root } from "./env.mjs";

const newest = "2026-07-01";

const workerd = workerdBinary.default ?? workerdBinary;

/**
 * Bundles `entry` (a module Worker that may import the built `tidegate`) and serves it on loopback.
 * @param {string} entry absolute path
 * @param {object} [options]
 * @param {Record<string, unknown>} [options.bindings] strings become text bindings, all else JSON bindings
 * @param {string[]} [options.flags] compatibility flags
 * @param {Record<string, string>} [options.objects] Durable Objects: binding → exported class, with SQLite in memory
 * @param {Record<string, string>} [options.services] bindings to the Worker itself → exported entrypoint, "" the default
 * @param {string} [options.compatibilityDate]
 * @param {boolean} [options.disk] the objects are stored in a folder beside the Worker, with all that SQLite gives
 * @param {boolean} [options.tail] the Worker's own `tail` handler is told of its requests
 * @param {boolean} [options.inspector] V8's inspector listens at `inspectorUrl`
 */
export async function startWorkerd(entry, options = {}) {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-workerd-"));
  await bundle(entry, folder);
  const worker = await serveFolder(folder, options);
  const { stop } = worker;
  worker.stop = async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return worker;
}

/** Serves what has been bundled into `folder`: `main`, and the wasm files beside it. */
export async function serveFolder(folder, { inspector = false, ...options } = {}) {
  writeConfig(folder, options);
  return serveConfig(folder, [...(inspector ? [INSPECTOR] : []), "config.capnp"], inspector);
}

/**
 * As `serveFolder`, for who starts the same again and again: returns a function that starts it. workerd gets its
 * configuration with the Worker in it as it gets it from wrangler, encoded. To read it as text would take it some
 * nanoseconds for each byte of the Worker, for which no user waits.
 */
export function encodeFolder(folder, options) {
  writeConfig(folder, options);
  const args = ["compile", "--config-only", "config.capnp"];
  const encoded = execFileSync(workerd, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
  writeFileSync(join(folder, "config.bin"), encoded);
  return () => serveConfig(folder, ["--binary", "config.bin"], false);
}

function writeConfig(folder, { main = "worker.js", ...options }) {
  if (options.disk === true) mkdirSync(join(folder, "disk"), { recursive: true });
  writeFileSync(join(folder, "config.capnp"), config(main, wasmFilesIn(folder), options));
}

async function serveConfig(folder, args, hasInspector) {
  const worker = { url: "", log: "" };
  // workerd tells on file descriptor 3 where it listens: no port to guess, no request to try.
  const stdio = ["ignore", "pipe", "pipe", "pipe"];
  const child = spawn(workerd, ["serve", "--experimental", "--control-fd=3", ...args], {
    cwd: folder,
    stdio,
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      worker.log += text;
    });
  }
  worker.pid = child.pid;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const killOnExit = () => child.kill("SIGKILL");
  process.once("exit", killOnExit);
  worker.stop = async () => {
    child.kill("SIGKILL");
    await exited;
    process.off("exit", killOnExit);
  };

  const ports = await Promise.race([listeningPorts(child.stdio[3], hasInspector), exited.then(() => null)]);
  if (ports === null) {
    await worker.stop();
    throw new Error(`workerd did not start:\n${worker.log}`);
  }
  worker.url = `http://127.0.0.1:${ports.get("listen")}`;
  worker.inspectorUrl = `http://127.0.0.1:${ports.get("listen-inspector")}`;
  return worker;
}

/** By event: where the Worker, and the inspector if there is one, can be reached. */
async function listeningPorts(stream, hasInspector) {
  const ports = new Map();
  for await (const line of createInterface({ input: stream })) {
    const { event, port } = JSON.parse(line);
    ports.set(event, port);
    if (ports.has("listen") && (!hasInspector || ports.has("listen-inspector"))) return ports;
  }
  return null;
}

const INSPECTOR = "--inspector-addr=127.0.0.1:0";

const wasmFilesIn = (folder) => readdirSync(folder).filter((name) => name.endsWith(".wasm"));

/**
 * One module and its wasm files, bundled as wrangler does without options: the package is found by name, under the
 * `workerd` condition, and a call gives each function its name, which some of the user's code may ask for.
 */
export async function bundle(entry, folder, options = {}) {
  await build({
    entryPoints: [entry],
    outfile: join(folder, "worker.js"),
    bundle: true,
    format: "esm",
    target: "es2022",
    conditions: ["workerd", "worker", "browser"],
    loader: { ".wasm": "copy" },
    external: ["cloudflare:*", "node:*"],
    keepNames: true,
    logLevel: "error",
    plugins: [builtPackage()],
    ...options,
  });
}

/** Resolves `tidegate` to pkg/ through its own exports, wherever the importing file lies. */
function builtPackage() {
  const resolveDir = linkPackage(join(root, "build", "link"));
  return {
    name: "built-package",
    setup({ onResolve, resolve }) {
      onResolve({ filter: /^tidegate(\/|$)/ }, ({ path, kind, pluginData }) =>
        pluginData === "seen" ? undefined : resolve(path, { kind, resolveDir, pluginData: "seen" }),
      );
    },
  };
}

/** What `npm install file:../pkg` would leave in `folder`, without npm or a network. */
export function linkPackage(folder) {
  const modules = join(folder, "node_modules");
  const link = join(modules, "tidegate");
  mkdirSync(modules, { recursive: true });
  rmSync(link, { recursive: true, force: true });
  symlinkSync(relative(modules, join(root, "pkg")), link, "dir");
  return folder;
}

function config(main, wasmFiles, options) {
  const { bindings = {}, flags = [], objects = {}, services = {}, tail = false, disk = false } = options;
  const { compatibilityDate = newest } = options;
  const text = JSON.stringify;
  const wasm = wasmFiles.map((name) => `(name = ${text(name)}, wasm = embed ${text(name)})`);
  const modules = [`(name = ${text(main)}, esModule = embed ${text(main)})`, ...wasm];
  const values = Object.entries(bindings).map(([name, value]) =>
    typeof value === "string"
      ? `(name = ${text(name)}, text = ${text(value)})`
      : `(name = ${text(name)}, json = ${text(text(value))})`,
  );
  for (const [name, entrypoint] of Object.entries(services)) {
    const of = entrypoint === "" ? "" : `, entrypoint = ${text(entrypoint)}`;
    values.push(`(name = ${text(name)}, service = (name = "main"${of}))`);
  }
  for (const [name, className] of Object.entries(objects)) {
    values.push(`(name = ${text(name)}, durableObjectNamespace = ${text(className)})`);
  }
  const namespaces = Object.values(objects).map(
    (name) => `(className = ${text(name)}, uniqueKey = ${text(name)}, enableSql = true)`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "network", network = (allow = ["public", "private", "local"])),${disk ? '\n    (name = "disk", disk = (path = "disk", writable = true)),' : ""}
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  modules = [${modules.join(", ")}],
  bindings = [${values.join(", ")}],
  compatibilityDate = "${compatibilityDate}",
  compatibilityFlags = [${flags.map((flag) => text(flag)).join(", ")}],
  globalOutbound = "network",
  durableObjectNamespaces = [${namespaces.join(", ")}],
  durableObjectStorage = (${disk ? 'localDisk = "disk"' : "inMemory = void"}),${tail ? '\n  tails = ["main"],' : ""}
);
`;
}
