// One contender in a process of its own, so that none runs in what another has left of the JIT and the heap.
//   node contender.mjs <file> <export> <events> <samples> [<distinct routes>]
// prints nanoseconds an event of each sample, bytes an event, and the size of the wasm memory at the end.
const [file, name, events, samples, distinct] = process.argv.slice(2);
/** The same time for each, until what runs is what the compilers have to give. */
const WARM_UP_MS = 1500;

const memories = [];
const { Instance } = WebAssembly;
WebAssembly.Instance = class extends Instance {
  constructor(module, imports) {
    super(module, imports);
    memories.push(this.exports.memory);
  }
};

const { play } = await import("./workload.mjs");
const { [name]: make } = await import(`./peers/${file}.mjs`);
const routes = distinct && Array.from({ length: Number(distinct) }, (_, at) => `/path/number/${at}/of`);
const count = Number(events);

let bytes = 0;
const contender = make((length) => {
  bytes += length;
});
let played = 0;
for (const start = performance.now(); performance.now() - start < WARM_UP_MS; played += 2560) {
  await play(contender, 2560, routes);
}
const times = [];
for (let sample = 0; sample < Number(samples); sample += 1) {
  const start = process.hrtime.bigint();
  await play(contender, count, routes);
  times.push(Number(process.hrtime.bigint() - start) / count);
}
played += count * Number(samples);
await contender.check?.(played);
const wasmBytes = memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
console.log(JSON.stringify({ times, bytes: bytes / played, wasmBytes }));
process.exit(0);
