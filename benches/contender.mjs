// One contender: asked for samples by lines on standard input, each a number of events, it answers nanoseconds an event;
// at the end bytes an event, and the size of the wasm memory.
//   node contender.mjs <file> <export> [<distinct routes> [<events before each sample>]]
//   WARM_UP_MS  how much processor time it takes before the first sample, 1500 if not given
import { createInterface } from "node:readline";
import { watchWasmMemory } from "../tools/wasm-memory.mjs";

const [file, name, distinct = 0, before = 0] = process.argv.slice(2);
/** The same processor time for each, until what runs is what the compilers have to give. */
const warmUpMs = Number(process.env.WARM_UP_MS ?? 1500);
/** From here on one contender is filled once, and goes on from there. */
const ONCE = 1_000_000;

const memoryNow = watchWasmMemory();

const { Player, routesOf } = await import("./workload.mjs");
const { [name]: make } = await import(`./peers/${file}.mjs`);
const player = () => new Player(make, routesOf(Number(distinct)));
const answer = (value) => console.log(JSON.stringify(value));

let current = player();

/**
 * A new one that has played some. The garbage of the one before it is not collected on purpose: compiled code that knew
 * it would go, too.
 */
async function renew() {
  await current.check();
  current = player();
  await current.play(Number(before));
}

let wasmBytes = 0;

const usedMs = ({ user, system } = process.cpuUsage()) => (user + system) / 1000;
for (const start = usedMs(); usedMs() - start < warmUpMs; ) await current.play(2560);
if (before >= ONCE) await renew();
answer("ready");
for await (const line of createInterface({ input: process.stdin })) {
  if (before > 0 && before < ONCE) await renew();
  const count = Number(line);
  const start = process.hrtime.bigint();
  await current.play(count);
  answer(Number(process.hrtime.bigint() - start) / count);
  // Later there are more of those that were renewed.
  wasmBytes ||= memoryNow();
}
await current.check();
answer({ bytes: current.bytes / current.played, wasmBytes });
process.exit(0);
