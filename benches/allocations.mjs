// Bytes that one call of each kind allocates in the steady state, as JSON. Run with --max-semi-space-size=256, so that no
// garbage is collected while they are counted.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createCollector } from "tidegate";

const CALLS = 400_000;
setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");

const tide = createCollector({ autoTick: false, handleSignals: false });
const orders = tide.counter("orders");
const depth = tide.gauge("queue.depth");
const value = tide.histogram("order.value");
const sets = ["free", "pro", "team"].map((plan) => Object.freeze({ plan, region: "eu", paid: true }));

const CASES = {
  nothing: () => {},
  "counter.add": (n) => orders.add(1, sets[n % 3]),
  "counter.add, no attributes": () => orders.add(1),
  "gauge.record": (n) => depth.record(n, sets[n % 3]),
  "histogram.record": (n) => value.record(n % 997, sets[n % 3]),
};

function play(work) {
  for (let n = 0; n < CALLS; n += 1) work(n);
}

function bytesOf(work) {
  for (let warm = 0; warm < 5; warm += 1) play(work);
  gc();
  const before = process.memoryUsage().heapUsed;
  play(work);
  return (process.memoryUsage().heapUsed - before) / CALLS;
}

console.log(
  JSON.stringify(Object.fromEntries(Object.entries(CASES).map(([name, work]) => [name, bytesOf(work)]))),
);
