/** What an exception costs beside an event, and whether 100 000 of them with messages and stacks of 1 MB stay within bounds. */
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createCollector } from "tidegate";

const COUNT = 100_000;
const HUGE = 1 << 20;
const KB = 1024;
const nowMs = Date.now();
setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");
/** As texts that were read: V8 joins the parts of a text when it is first looked into. */
const flat = (text) => Buffer.from(text, "latin1").toString("latin1");
const MESSAGE = "m".repeat(HUGE);
const FRAMES = "    at f (a.js:1:1)\n".repeat(HUGE / 20);

function collector(options = {}) {
  const sink = { name: "none", format: "ndjson", send: () => "ok", keepsBytes: false };
  return createCollector({ sinks: [sink], autoTick: false, clock: () => nowMs, ...options });
}

/** The median of the time of one call, in ns. */
async function timeOf(record, rounds) {
  const tide = collector();
  const times = [];
  for (let round = 0; round < rounds; round += 1) {
    const start = process.hrtime.bigint();
    for (let n = 0; n < 1000; n += 1) record(tide, n);
    times.push(Number(process.hrtime.bigint() - start) / 1000);
    await tide.flush();
  }
  await tide.close();
  return times.sort((a, b) => a - b)[rounds >> 1];
}

/** Each has a message and a stack of its own, as an attacker would send them. */
function hugeError(n) {
  const error = new Error(flat(`${n} ${MESSAGE}`));
  Object.defineProperty(error, "stack", { value: flat(`Error: ${error.message}\n${FRAMES}`) });
  return error;
}

export async function huge(count) {
  const tide = collector({ errors: "stack" });
  await tide.flush();
  gc();
  const before = process.memoryUsage();
  let [spentMs, most] = [0, 0];
  for (let n = 0; n < count; n += 1) {
    const error = hugeError(n);
    const start = performance.now();
    tide.recordException(error);
    spentMs += performance.now() - start;
    if (n % 100 === 99) {
      most = Math.max(most, process.memoryUsage().rss);
      await sleep(0);
    }
  }
  // Buffers are given back some time after the collection.
  for (let turn = 0; turn < 5; turn += 1) {
    gc();
    await sleep(20);
  }
  const after = process.memoryUsage();
  const { emitted, truncated, sinks } = tide.counters();
  await tide.close();
  return {
    count,
    usEach: (1000 * spentMs) / count,
    mostRssMb: (most - before.rss) / KB / KB,
    keptKb: (after.heapUsed + after.external - before.heapUsed - before.external) / KB,
    emitted,
    truncated,
    overflow: sinks[0].dropped.overflow,
  };
}

export async function exceptions({ quick, say }) {
  const rounds = quick ? 21 : 201;
  const attributes = { plan: "pro", region: "eu" };
  const evtNs = await timeOf((tide) => tide.evt("order.placed", attributes), rounds);
  say(`an evt: ${evtNs.toFixed(0)} ns`);
  const errors = Array.from({ length: 1000 }, (_, n) => () => new RangeError(`order ${n} failed`));
  const makeNs = await timeOf((_tide, n) => errors[n](), rounds);
  const exceptionNs = (await timeOf((tide, n) => tide.recordException(errors[n]()), rounds)) - makeNs;
  say(`an exception: ${exceptionNs.toFixed(0)} ns`);
  const found = await huge(quick ? 2000 : COUNT);
  say(`${found.count} exceptions of ${2 * HUGE} characters: ${JSON.stringify(found)}`);
  return { evtNs, exceptionNs, huge: found };
}
