// npm run hostile: every bad thing a sink can do, what came of it, and whether every event is accounted for.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "../tools/env.mjs";
import { build } from "./build.mjs";

await build();
const table = join(root, "tests", "faults", "_table.mjs");
process.exitCode = spawnSync(process.execPath, [table], { stdio: "inherit" }).status ?? 1;
