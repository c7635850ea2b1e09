// The table of npm run hub:simulate, and the check that workerd counts the same.
import { Hub } from "../../pkg/dist/inline-hub.js";
import { simulatedHub } from "./_host.mjs";
import { withHub } from "./_hub.mjs";
import { simulate } from "./_simulation.mjs";

/** A day ahead, so that in workerd the object's own alarms are not due: the simulation fires them. */
const START_MS = Math.ceil(Date.now() / 60_000 + 1440) * 60_000;
/** A quarter of the requests a second that Cloudflare gives one object, so that it is idle more than busy. */
const PUSHES_PER_SHARD = 250;
const DAY_SECONDS = 86_400;
const COMPARED = { isolates: 10, rps: 10, seconds: 180 };

/** What one object took, and what a reader then sees. */
async function counted(host, how) {
  const pushesMs = [];
  const run = await simulate(host, { ...how, startMs: START_MS, onPush: (ms) => pushesMs.push(ms) });
  const state = await host.read();
  const head = JSON.parse(
    new TextDecoder().decode(state.subarray(4, 4 + state[0] + state[1] * 256 + state[2] * 65536)),
  );
  return {
    ...run,
    rows: head.rowsWritten,
    rpcs: run.pushes + run.alarms,
    stateBytes: state.length,
    storedBytes: await host.storedBytes(),
    pushMs: pushesMs.reduce((sum, ms) => sum + ms, 0) / pushesMs.length,
    isCounted: head.tally.totals[0] === run.requests,
  };
}

export const inSimulation = async (how) => counted(await simulatedHub(Hub), how);

/** The same in workerd. */
export function inWorkerd(how) {
  return withHub({}, async (hub) => {
    const host = {
      push: hub.push,
      setClock: (nowMs) => hub.standAt(nowMs),
      dueMs: async () => (await hub.size()).alarmMs,
      alarm: () => hub.alarm(),
      read: () => hub.state(),
      storedBytes: async () => (await hub.size()).bytes,
    };
    return counted(host, how);
  });
}

const perDay = (count, { seconds }) => Math.round((count * DAY_SECONDS) / seconds);
const thousands = (number) => Math.round(number).toLocaleString("en");

function row(how, run) {
  const pushesPerSecond = run.pushes / how.seconds;
  return {
    isolates: thousands(how.isolates),
    "requests/s": thousands(how.isolates * how.rps),
    "pushes/day": thousands(perDay(run.pushes, how)),
    "rows/day": thousands(perDay(run.rows, how)),
    "bytes/push": thousands(run.bytes / run.pushes),
    "MB/day": thousands(perDay(run.bytes, how) / 1e6),
    "state KB": thousands(run.stateBytes / 1000),
    "stored MB": (run.storedBytes / 1e6).toFixed(1),
    "age s": `${(run.ageMs.mean / 1000).toFixed(1)} (at most ${(run.ageMs.max / 1000).toFixed(1)})`,
    "ms/push": run.pushMs.toFixed(2),
    busy: `${((pushesPerSecond * run.pushMs) / 10).toFixed(1)} %`,
    shards: Math.ceil(pushesPerSecond / PUSHES_PER_SHARD),
  };
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const sizes = [
    COMPARED,
    { isolates: 100, rps: 10, seconds: 120 },
    { isolates: 10_000, rps: 1, seconds: 10 },
  ];
  const rows = [];
  let [isWhole, compared] = [true, undefined];
  for (const how of sizes) {
    const run = await inSimulation(how);
    isWhole &&= run.isCounted;
    compared ??= run;
    rows.push(row(how, run));
  }
  console.table(rows);
  const real = await inWorkerd(COMPARED);
  const same = ["pushes", "alarms", "rpcs", "rows", "bytes", "requests"];
  console.table(
    Object.fromEntries(same.map((name) => [name, { simulated: compared[name], workerd: real[name] }])),
  );
  const isSame = same.every((name) => compared[name] === real[name]);
  console.log(isSame ? "workerd counts the same" : "WORKERD COUNTS OTHERWISE");
  process.exitCode = isWhole && real.isCounted && isSame ? 0 : 1;
}
