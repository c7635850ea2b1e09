// npm run hub:simulate: the hub's own code under simulated isolates: pushes, rows, bytes, ages and the limits of one object; at
// 10 isolates workerd counts the same.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "../tools/env.mjs";
import { build } from "./build.mjs";

await build();
const program = join(root, "tests", "hub", "_simulate.mjs");
process.exitCode = spawnSync(process.execPath, [program], { stdio: "inherit" }).status ?? 1;
