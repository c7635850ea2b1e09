// Installs what a task needs and the machine lacks, and nothing else. Runs on Node 20, without packages.
//   node scripts/setup.mjs [demo | build | test]      (default: test, which needs the most)
import { pathToFileURL } from "node:url";
import { environment } from "../tools/env.mjs";
import { needsOf } from "../tools/needs.mjs";
import { Missing, prepare } from "../tools/setup.mjs";

const say = (line) => console.error(`setup: ${line}`);

/** Makes the machine ready for `task`; returns the environment to run it in. Ends the process where it cannot. */
export function setup(task = "test") {
  const started = Date.now();
  try {
    prepare(task === "test" ? "npm test" : `npm run ${task}`, needsOf(task), say);
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    say(error.message);
    process.exit(1);
  }
  say(`ready (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  return environment();
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) setup(process.argv[2]);
