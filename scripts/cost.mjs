// npm run cost: what a Worker pays for tidegate and for its peers, as one table.
//   --json, --quick  as of npm run bench
import { parseArgs } from "node:util";
import { bench, report } from "../benches/main.mjs";
import { build } from "./build.mjs";

const say = (line) => console.error(`cost: ${line}`);
const flag = { type: "boolean", default: false };
const asked = parseArgs({ options: { json: flag, quick: flag } }).values;
await build();
const figures = await bench({ ...asked, cost: true }, say);
console.log(asked.json ? JSON.stringify(figures, null, 2) : report(figures));
process.exit();
