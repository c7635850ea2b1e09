// node scripts/run.mjs <task> [args]: setup for that task, then the task under the right Node.
// The tasks themselves may therefore assume a recent Node, the npm packages and the Rust tools.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { root, taskNode } from "../tools/env.mjs";
import { setup } from "./setup.mjs";

const tasks = [
  "bench",
  "boundary",
  "build",
  "cost",
  "demo",
  "hostile",
  "pictures",
  "hub-simulate",
  "reference",
  "size",
  "soak",
  "test",
];
const [task, ...args] = process.argv.slice(2);
if (!tasks.includes(task)) {
  console.error(`usage: node scripts/run.mjs <${tasks.join(" | ")}> [args]`);
  process.exit(2);
}

const env = setup(task);
const child = spawn(taskNode(), [join(root, "scripts", `${task}.mjs`), ...args], {
  cwd: root,
  stdio: "inherit",
  env,
});
// A terminal's Ctrl-C reaches the child by itself; this process only stays to hand on its exit code.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 143)));
