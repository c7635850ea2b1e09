/**
 * Requests per second of one Worker in workerd: bare, and under each library that exports every request to a sink on
 * loopback. In turns, so that what the machine does meanwhile happens to all; each turn is compared with the bare one
 * beside it. workerd, sink and load share the machine's cores: what a library makes the sink do is part of its price.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import autocannon from "autocannon";
import { isDrained } from "../scripts/_laws.mjs";
import { until } from "../scripts/_receiver.mjs";
import { startWorkerd } from "../scripts/_workerd.mjs";
import { median } from "./workload.mjs";

const FOLDER = join(import.meta.dirname, "workers");
const SECONDS = 2;
const CONNECTIONS = 32;
const NODE = ["nodejs_compat"];
/**
 * File, flags, and what it is compared with. The control is the bare Worker once more: how far apart the same thing
 * lies. `least` reads what an event needs and does nothing with it: as near as a library can come to the bare one.
 * Sentry and otel-cf-workers need Node's modules; with them tidegate keeps an AsyncLocalStorage a request.
 */
const WORKERS = {
  bare: ["bare", [], "bare"],
  control: ["bare", [], "bare"],
  least: ["least", [], "bare"],
  tidegate: ["tidegate", [], "bare"],
  bareNode: ["bare", NODE, "bareNode"],
  tidegateNode: ["tidegate", NODE, "bareNode"],
  sentry: ["sentry", NODE, "bareNode"],
  otelCfWorkers: ["otel-cf-workers", NODE, "bareNode"],
};

export async function workers(rounds, say) {
  const sink = spawn(process.execPath, [join(FOLDER, "sink.mjs")], { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = await once(createInterface({ input: sink.stdout }), "line");
  const base = `http://127.0.0.1:${port}`;
  const running = {};
  try {
    for (const [name, [file, flags]] of Object.entries(WORKERS)) {
      const options = { bindings: { SINK: base }, flags };
      running[name] = await startWorkerd(join(FOLDER, `${file}.js`), options);
      await load(running[name].url, 1);
    }
    const turns = Object.fromEntries(Object.keys(WORKERS).map((name) => [name, []]));
    for (let round = 1; round <= rounds; round += 1) {
      say(`workerd, round ${round} of ${rounds}`);
      for (const name of inTurn(round)) turns[name].push(await turn(running[name].url, base));
    }
    for (const name of ["tidegate", "tidegateNode"]) await checkWhole(running[name].url);
    return summary(turns);
  } finally {
    for (const worker of Object.values(running)) await worker.stop();
    sink.kill();
  }
}

/** Each round begins with another one: what the machine does at some moment should not always hit the same. */
function inTurn(round) {
  const names = Object.keys(WORKERS);
  return names.map((_, at) => names[(at + round) % names.length]);
}

async function turn(url, base) {
  const counts = async () => (await fetch(base)).json();
  const before = await counts();
  const { requests, non2xx, errors } = await load(url, SECONDS);
  if (non2xx + errors > 0) throw new Error(`${non2xx + errors} requests failed`);
  const after = await counts();
  return { perSecond: requests.average, postsPerRequest: (after.posts - before.posts) / requests.total };
}

const load = (url, duration) => autocannon({ url: `${url}/items/7`, connections: CONNECTIONS, duration });

/** What it was so fast with has arrived. */
async function checkWhole(url) {
  let counters;
  const drained = async () => {
    counters = await (await fetch(`${url}/__counters`)).json();
    return isDrained(counters, 1);
  };
  await until(drained, 30_000, "tidegate's queue to drain").catch(() => {});
  const [sink] = counters.sinks;
  const lost = Object.values(sink.dropped).reduce((sum, count) => sum + count, 0);
  if (lost > 0)
    throw new Error(`tidegate lost ${lost} of ${sink.accepted} events: ${JSON.stringify(sink.dropped)}`);
}

function summary(turns) {
  const shares = (name) => {
    const beside = turns[WORKERS[name][2]];
    return turns[name].map(({ perSecond }, round) => perSecond / beside[round].perSecond);
  };
  return Object.fromEntries(
    Object.entries(turns).map(([name, rounds]) => [
      name,
      {
        perSecond: median(rounds.map(({ perSecond }) => perSecond)),
        postsPerRequest: median(rounds.map(({ postsPerRequest }) => postsPerRequest)),
        ofBare: median(shares(name)),
        spread: [Math.min(...shares(name)), Math.max(...shares(name))],
      },
    ]),
  );
}
