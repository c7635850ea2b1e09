// Starts a Worker with the real `wrangler dev`, as a developer would, and ends it with everything it started.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./env.mjs";
import { freePort, until } from "./receiver.mjs";
import { linkPackage } from "./workerd.mjs";

/** worker-example; `vars` override those of wrangler.jsonc. Resolves when the Worker answers. */
export function startExample(vars, more = {}) {
  const folder = join(root, "worker-example");
  linkPackage(folder);
  return startWrangler(folder, { vars, path: "/__tide", ...more });
}

/**
 * The Worker in `folder`; `path` is asked until it answers. `home`, a folder, and `port` are for one that is started again:
 * it then finds its storage, and is found.
 */
export async function startWrangler(folder, options = {}) {
  const { vars = {}, path = "/", flags = [], logLevel = "warn", home } = options;
  const state = home ?? mkdtempSync(join(tmpdir(), "tidegate-wrangler-"));
  const port = options.port ?? (await freePort());
  const args = ["dev", "--local", "--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0"];
  args.push(
    "--persist-to",
    state,
    "--show-interactive-dev-session",
    "false",
    "--log-level",
    logLevel,
    ...flags,
  );
  for (const [name, value] of Object.entries(vars)) args.push("--var", `${name}:${value}`);

  const worker = { url: `http://127.0.0.1:${port}`, log: "" };
  // A process group of its own: wrangler starts workerd, and both must go.
  const env = { ...process.env, CI: "1", WRANGLER_LOG_PATH: join(state, "logs") };
  const child = spawn("wrangler", args, {
    cwd: folder,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      worker.log = (worker.log + text).slice(-100_000);
    });
  }
  let running = true;
  child.on("exit", () => {
    running = false;
  });
  worker.stop = () => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // Already gone.
    }
    if (home === undefined) rmSync(state, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once("exit", worker.stop);

  try {
    await until(() => !running || answers(`${worker.url}${path}`), 60_000, "wrangler dev");
    if (!running) throw new Error("wrangler dev ended");
  } catch (error) {
    throw new Error(`${error.message}\n${worker.log}`);
  }
  return worker;
}

function answers(url) {
  return fetch(url).then(
    (response) => response.text().then(() => response.ok),
    () => false,
  );
}
