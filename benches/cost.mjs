/** What a Worker pays for each library: one table, one run. `npm run cost` calls it when the package is built. */
import { bundleKb } from "./bundles.mjs";
import { coldStart } from "./cold-start.mjs";
import { losses } from "./losses.mjs";
import { NODE } from "./worker-files.mjs";
import { workers } from "./workers.mjs";

/**
 * File of each, all with Node's modules, which Sentry and otel-cf-workers need. The control is the bare Worker once more;
 * `least` reads what an event needs and does nothing with it.
 */
const WORKERS = {
  bareNode: "bare",
  controlNode: "bare",
  leastNode: "least",
  tidegateNode: "tidegate",
  sentry: "sentry",
  otelCfWorkers: "otel-cf-workers",
  evlog: "evlog",
};
/** Those that have events to lose. */
const LIBRARIES = Object.keys(WORKERS).slice(3);

export async function cost({ quick, say }) {
  say("bundles, by wrangler deploy --dry-run");
  const bundles = each((file) => bundleKb(file, NODE));
  say("owners of a flush die");
  const lost = {};
  for (const name of LIBRARIES) lost[name] = await losses(WORKERS[name], NODE);
  const starts = await coldStart({ rounds: quick ? 31 : 96, say });
  const group = each((file) => [file, NODE]);
  const load = await workers(quick ? 20 : 60, say, [group]);
  const rows = Object.keys(WORKERS).map((name) => ({
    name,
    bundle: bundles[name],
    start: starts.workers[name],
    load: load[name],
    lost: lost[name],
  }));
  return { ofSentry: starts.ofSentry, ofOtel: starts.ofOtel, rows };
}

const each = (of) => Object.fromEntries(Object.entries(WORKERS).map(([name, file]) => [name, of(file)]));
