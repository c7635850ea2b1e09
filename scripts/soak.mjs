// npm run soak [-- --seconds N]: a Worker under load whose clients leave and whose sink fails, and what became of each event.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "../tools/env.mjs";
import { build } from "./build.mjs";

await build();
const program = join(root, "tests", "faults", "_soak.mjs");
process.exitCode =
  spawnSync(process.execPath, [program, ...process.argv.slice(2)], { stdio: "inherit" }).status ?? 1;
