// rotel, an OTLP collector that PyPI has as a program: a real receiver, which sends on what it has understood.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cachedTool } from "./env.mjs";
import { freePort, until } from "./receiver.mjs";

const VERSION = "0.0.1a15";
const INSTALL_MS = 120_000;
const folder = cachedTool("rotel", VERSION);
const program = join(folder, "rotel", "rotel-agent");

/** Installs it, unless it is there. Returns why it cannot run here; undefined: it can. */
export function rotelIsMissing() {
  if (!existsSync(program)) {
    const args = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, `rotel==${VERSION}`];
    const { status, stderr, error } = spawnSync("python3", args, { encoding: "utf8", timeout: INSTALL_MS });
    if (status !== 0) {
      rmSync(folder, { recursive: true, force: true });
      return `pip did not install rotel ${VERSION}: ${error?.message ?? stderr.trim().split("\n").at(-1)}`;
    }
  }
  const { status, error } = spawnSync(program, ["--version"], { encoding: "utf8" });
  return status === 0 ? undefined : `rotel does not run here: ${error?.message ?? `status ${status}`}`;
}

/** Starts it; what it receives it sends on to `to`, as protobuf. */
export async function startRotel(to) {
  const home = mkdtempSync(join(tmpdir(), "tidegate-rotel-"));
  const address = `127.0.0.1:${await freePort()}`;
  const options = {
    "otlp-http-endpoint": address,
    "otlp-grpc-endpoint": `127.0.0.1:${await freePort()}`,
    "otlp-exporter-endpoint": to,
    "otlp-exporter-protocol": "http",
    exporter: "otlp",
    "pid-file": join(home, "pid"),
    "log-file": join(home, "log"),
  };
  const given = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(program, ["start", "--disable-batching", ...given], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const exited = once(child, "exit");
  const stop = async () => {
    child.kill("SIGKILL");
    await exited;
    rmSync(home, { recursive: true, force: true });
  };
  const url = `http://${address}`;
  const answers = () =>
    fetch(url).then(
      (response) => response.arrayBuffer().then(() => true),
      () => false,
    );
  try {
    await until(answers, 20_000, "rotel");
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}
