/**
 * Requests per second of one Worker in workerd: bare, and under each library that exports every request to a sink on
 * loopback. All of a group are under load at once and share one core, so that what the machine does meanwhile happens to
 * all of them alike; the sink and the load have the other cores. Where there is no `taskset` they share all cores.
 */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import autocannon from "autocannon";
import { isDrained } from "../tools/laws.mjs";
import { until } from "../tools/receiver.mjs";
import { startWorkerd } from "../tools/workerd.mjs";
import { cpuMs, memoryMib } from "./cpu.mjs";
import { NODE, withSink, workerFile } from "./worker-files.mjs";
import { median, quartiles } from "./workload.mjs";

const CONNECTIONS = 8;
const WARM_UP_MS = 8000;
const WINDOW_MS = 1000;
/**
 * By group: file and flags of each; each is compared with the first. The control is the bare Worker once more: how far
 * apart the same thing lies. `least` reads what an event needs and does nothing with it: as near as a library can come
 * to the bare one. Sentry and otel-cf-workers need Node's modules; with them tidegate keeps an AsyncLocalStorage a request.
 */
const GROUPS = [
  { bare: ["bare", []], control: ["bare", []], least: ["least", []], tidegate: ["tidegate", []] },
  {
    bareNode: ["bare", NODE],
    tidegateNode: ["tidegate", NODE],
    sentry: ["sentry", NODE],
    otelCfWorkers: ["otel-cf-workers", NODE],
  },
];

/** Of each Worker the medians over `windows` of a second. */
export function workers(windows, say, groups = GROUPS) {
  return withSink(async (sinkUrl) => {
    const found = {};
    for (const group of groups) {
      say(`workerd: ${Object.keys(group).join(", ")}`);
      Object.assign(found, await side(group, sinkUrl, windows));
    }
    return found;
  });
}

/** The Workers of one group side by side. */
async function side(group, base, windows) {
  const running = {};
  try {
    for (const [name, [file, flags]] of Object.entries(group)) {
      running[name] = await startWorkerd(workerFile(file), {
        bindings: { SINK: `${base}/${name}` },
        flags,
      });
    }
    const others = pin(Object.values(running).map(({ pid }) => pid));
    const loads = Object.fromEntries(
      Object.entries(running).map(([name, { url, pid }]) => [
        name,
        underLoad(`${url}/items/7`, pid, windows),
      ]),
    );
    await sleep(WARM_UP_MS);
    const turns = Object.fromEntries(Object.keys(group).map((name) => [name, []]));
    for (let window = 0; window < windows; window += 1) await watch(loads, turns);
    const memory = Object.fromEntries(
      Object.entries(running).map(([name, { pid }]) => [name, memoryMib(pid)]),
    );
    for (const load of Object.values(loads)) await load.stop();
    others();
    const posts = await (await fetch(base)).json();
    for (const name of Object.keys(running)) {
      if (name.startsWith("tidegate")) await checkWhole(running[name].url);
    }
    return summary(turns, (name) => ({
      postsPerRequest: (posts[name] ?? 0) / loads[name].count,
      memoryMib: memory[name],
    }));
  } finally {
    for (const worker of Object.values(running)) await worker.stop();
  }
}

/** Gives `pids` the first core, and this process the others, until what is returned is called. */
function pin(pids) {
  const give = (pid, cores) =>
    spawnSync("taskset", ["-a", "-p", "-c", cores, String(pid)], { stdio: "ignore" });
  const last = availableParallelism() - 1;
  if (last === 0) return () => {};
  for (const pid of pids) give(pid, "0");
  give(process.pid, `1-${last}`);
  return () => give(process.pid, `0-${last}`);
}

function underLoad(url, pid, windows) {
  const duration = Math.ceil((WARM_UP_MS + windows * WINDOW_MS) / 1000) + 60;
  const load = { count: 0, pid };
  const instance = autocannon({ url, connections: CONNECTIONS, duration });
  instance.on("response", (_client, status) => {
    load.count += 1;
    if (status !== 200) load.failed = status;
  });
  instance.on("reqError", (error) => {
    load.failed = error;
  });
  load.stop = async () => {
    instance.stop();
    await once(instance, "done");
    if (load.failed !== undefined) throw new Error(`${url} failed: ${load.failed}`);
  };
  return load;
}

/** What each answers within the same second. */
async function watch(loads, turns) {
  const start = performance.now();
  const read = () => Object.values(loads).map(({ count, pid }) => ({ count, cpuMs: cpuMs(pid) }));
  const before = read();
  await sleep(WINDOW_MS);
  const seconds = (performance.now() - start) / 1000;
  const done = read().map(({ count, cpuMs }, at) => {
    return { count: count - before[at].count, cpuMs: cpuMs - before[at].cpuMs };
  });
  for (const [at, name] of Object.keys(loads).entries()) {
    const { count, cpuMs } = done[at];
    turns[name].push({
      perSecond: count / seconds,
      ofBare: count / done[0].count,
      cpuUs: (cpuMs * 1000) / count,
    });
  }
}

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

function summary(turns, more) {
  return Object.fromEntries(
    Object.entries(turns).map(([name, windows]) => {
      const all = (unit) => windows.map((window) => window[unit]);
      const ofBare = { ofBare: median(all("ofBare")), quartiles: quartiles(all("ofBare")) };
      const [perSecond, cpuUs] = [median(all("perSecond")), median(all("cpuUs"))];
      return [name, { perSecond, cpuUs, ...ofBare, ...more(name) }];
    }),
  );
}
