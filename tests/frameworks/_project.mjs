// An example as a project of its own, outside the repository: its pinned dependencies, and the package as npm delivers it.
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { cache, root } from "../../tools/env.mjs";
import { freePort, until } from "../../tools/receiver.mjs";

const run = promisify(execFile);
/** No framework tells its makers about a test. */
const SILENT = { NEXT_TELEMETRY_DISABLED: "1", ASTRO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" };
const START_MS = 90_000;

/** The folder of the project. Its dependencies stay for the next time, by lock file and by clone. */
export async function install(name) {
  const example = join(root, "examples", name);
  const lock = readFileSync(join(example, "package-lock.json"));
  const id = createHash("sha256").update(lock).update(root).digest("hex").slice(0, 12);
  const folder = join(cache, "frameworks", `${name}-${id}`);
  const stamp = join(folder, "node_modules", ".complete");
  mkdirSync(folder, { recursive: true });
  for (const entry of readdirSync(folder)) if (entry !== "node_modules") rmSync(join(folder, entry), OLD);
  cpSync(example, folder, { recursive: true, filter: (path) => !path.includes("node_modules") });
  if (!existsSync(stamp)) {
    const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    await run("npm", args, { cwd: folder });
    // npm makes none where there is nothing to install.
    mkdirSync(dirname(stamp), { recursive: true });
    writeFileSync(stamp, "");
  }
  await unpack(folder);
  return folder;
}

const OLD = { recursive: true, force: true };

async function unpack(folder) {
  const args = ["pack", join(root, "pkg"), "--pack-destination", folder, "--json", "--loglevel=error"];
  const { stdout } = await run("npm", args, { cwd: folder });
  const [{ filename }] = JSON.parse(stdout);
  const target = join(folder, "node_modules", "tidegate");
  rmSync(target, OLD);
  mkdirSync(target, { recursive: true });
  await run("tar", ["-xzf", filename, "--strip-components=1", "-C", target], { cwd: folder });
}

/** A program of the project, by name, or by path; its output. */
export async function runProgram(folder, [program, ...args], extra = {}) {
  const env = { ...environment(folder), ...extra };
  const { stdout, stderr } = await run(program, args, { cwd: folder, env, maxBuffer: 1 << 26 });
  return stdout + stderr;
}

/** A server of the project on `PORT`, which answers once this resolves. `program`: of the port. */
export async function startProgram(folder, program, extra = {}) {
  const port = String(await freePort());
  const [file, ...args] = program(port);
  const env = { ...environment(folder), HOST: "127.0.0.1", PORT: port, ...extra };
  const options = { cwd: folder, env, detached: true, stdio: ["ignore", "pipe", "pipe"] };
  const child = spawn(file, args, options);
  const server = { url: `http://127.0.0.1:${port}`, log: "" };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      server.log += text;
    });
  }
  let running = true;
  child.on("exit", () => {
    running = false;
  });
  server.stop = () => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // Already gone.
    }
  };
  process.once("exit", server.stop);
  try {
    await until(async () => !running || (await listens(server.url)), START_MS, `${file} to listen`);
    if (!running) throw new Error(`${file} ended`);
  } catch (error) {
    server.stop();
    throw new Error(`${error.message}\n${server.log}`);
  }
  return server;
}

/** A port that is open, whatever it answers: a request would be an event. */
function listens(url) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** The programs of the project come before those of the repository. */
function environment(folder) {
  const path = `${join(folder, "node_modules", ".bin")}:${process.env.PATH}`;
  return { ...process.env, ...SILENT, NODE_ENV: "production", PATH: path };
}
