// What a collector costs besides events, in a process of its own: prints JSON.
//   node start.mjs
const { Module, Instance } = WebAssembly;
let [compileMs, instantiateMs] = [0, 0];
// On Workers the module comes compiled: that part is told apart.
WebAssembly.Module = class extends Module {
  constructor(bytes) {
    const start = performance.now();
    super(bytes);
    compileMs += performance.now() - start;
  }
};
WebAssembly.Instance = class extends Instance {
  constructor(module, imports) {
    const start = performance.now();
    super(module, imports);
    instantiateMs += performance.now() - start;
  }
};

const importStart = performance.now();
const { createCollector } = await import("tidegate");
const importMs = performance.now() - importStart - compileMs;
const { StatsStore } = await import("tidegate/stats");
const { compileRules, shouldExcludeRoute } = await import("tidegate/sampling");
const { median } = await import("./workload.mjs");

const timed = (work) => {
  const start = performance.now();
  work();
  return performance.now() - start;
};

// Node loads its own at the first use: that is no part of ours.
crypto.getRandomValues(new Uint8Array(1));
const options = { autoTick: false, handleSignals: false, sinks: [] };
let tide;
const firstMs = timed(() => {
  tide = createCollector(options);
  tide.req("/", "GET", 200, Date.now(), 1);
});

const series = 128;
const now = Date.now();
const store = new StatsStore();
for (let at = 0; at < 100_000; at += 1) {
  const [route, durMs] = [`/route/${at % series}`, ((at * 7919) % 10_000) / 10];
  tide.req(route, "GET", 200, now, durMs);
  store.record(now - (at % 900) * 1000, durMs, false, route);
}
const snapshots = Array.from({ length: 50 }, () => timed(() => tide.stats()));
if (tide.stats().series.length < series) throw new Error("not every series is shown");

const bytes = store.toBytes();
const merges = Array.from({ length: 10 }, () => {
  const into = new StatsStore();
  return timed(() => into.merge(bytes));
});

const rules = {};
for (const count of [0, 20, 200]) {
  const compiled = compileRules(
    Array.from({ length: count }, (_, at) => (at % 4 === 0 ? `re:^/x${at}/\\d+$` : `/x${at}/`)),
  );
  const calls = 20_000;
  const rounds = Array.from({ length: 7 }, () =>
    timed(() => {
      for (let at = 0; at < calls; at += 1) shouldExcludeRoute(`/api/v1/resource${at % 32}/7`, compiled);
    }),
  );
  rules[count] = (median(rounds) * 1e6) / calls;
}

console.log(
  JSON.stringify({
    importMs,
    compileMs,
    instantiateMs,
    firstEventMs: firstMs - instantiateMs,
    snapshotMs: median(snapshots),
    mergeMs: median(merges),
    mergeBytes: bytes.length,
    rules,
  }),
);
process.exit(0);
