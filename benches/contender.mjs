// One contender in a process of its own: node contender.mjs <file> <export> <events> <samples>; prints ns an event, each sample.
import { play } from "./workload.mjs";

const [file, name, events, samples] = process.argv.slice(2);
const count = Number(events);
const { [name]: make } = await import(`./peers/${file}.mjs`);

let bytes = 0;
const send = (length) => {
  bytes += length;
};
const contender = make(send);
await play(contender, count);
const times = [];
for (let sample = 0; sample < Number(samples); sample += 1) {
  const start = process.hrtime.bigint();
  await play(contender, count);
  times.push(Number(process.hrtime.bigint() - start) / count);
}
const played = count * (Number(samples) + 1);
await contender.check?.(played);
console.log(JSON.stringify({ times, bytes: bytes / played }));
process.exit(0);
