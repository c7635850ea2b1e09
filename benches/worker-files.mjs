/** The Workers of benches/workers, and the sink that they export to. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const FOLDER = join(import.meta.dirname, "workers");

/** The compatibility flags under which there are Node's modules. */
export const NODE = ["nodejs_compat"];

export const workerFile = (name) => join(FOLDER, `${name}.js`);

/** Calls `work` with the URL of a sink on loopback, which has a process of its own. */
export async function withSink(work) {
  const sink = spawn(process.execPath, [join(FOLDER, "sink.mjs")], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [port] = await once(createInterface({ input: sink.stdout }), "line");
    return await work(`http://127.0.0.1:${port}`);
  } finally {
    sink.kill();
  }
}
