// npm run bench [-- options]: tidegate and its peers side by side, in one run; writes the chart in docs/.
//   --pair <git revision>  instead: the package of that revision and the current one side by side, ratios now/before
//   --cold-start           instead: workerd started anew to the first response, bare and with each library
//   --exceptions           instead: an exception beside an event, and 100 000 exceptions of 2 MB each
//   --metrics              instead: a counter beside OpenTelemetry's, a request with one beside one without, bytes a call
//   --profile <worker>     instead: microseconds a request of each function, in a Worker of benches/workers under load
//   --json                 the figures as JSON, and nothing else on standard output
//   --quick                fewer rounds, no chart, pkg/ as it is: to see where a change goes, not to quote
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bench, report } from "../benches/main.mjs";
import { root } from "../tools/env.mjs";
import { build } from "./build.mjs";

const say = (line) => console.error(`bench: ${line}`);

function options() {
  const flag = { type: "boolean", default: false };
  try {
    const flags = ["cold-start", "exceptions", "metrics", "json", "quick"].map((name) => [name, flag]);
    const text = { type: "string" };
    return parseArgs({ options: { pair: text, profile: text, ...Object.fromEntries(flags) } }).values;
  } catch ({ message }) {
    say(message);
    process.exit(2);
  }
}

const asked = options();
if (!asked.quick || !existsSync(join(root, "pkg"))) await build();
const figures = await bench(asked, say);
console.log(asked.json ? JSON.stringify(figures, null, 2) : report(figures));
process.exit();
