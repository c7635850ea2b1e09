// What must come out the same in every runtime. Runs as a guest in each of them, over the built package, and imports
// nothing that one of them lacks. Each case answers with plain data, or throws.
// First: it has to come before the package.
import "./_trap.js";
import { createCollector, memorySink } from "tidegate";
import {
  compileOverrides,
  compileRules,
  getEffectiveRate,
  makeRng,
  shouldExcludeRoute,
  shouldSampleRequest,
} from "tidegate/sampling";
import { StatsStore } from "tidegate/stats";
import { adapters, transparency } from "./_adapters.js";
import { stack, trap } from "./_failures.js";
import { playScript } from "./_script.js";

const START = 1_767_225_600_000;

const SAMPLING = {
  rate: 0.3,
  exclude: ["/health"],
  overrides: [
    ["re:^/api/v[12]/", 0.7],
    ["/admin", 0],
  ],
  seed: 42,
};

const ROUTES = [
  "/",
  "/items/:id",
  "/api/v1/x",
  "/api/v2/y",
  "/api/v3/z",
  "/health",
  "/admin/users",
  "/ünïcode",
];

/** The cases by name; `vectors` is what tests/vectors/rng.json holds. */
export const cases = {
  /** The draws of every seed of the vectors, and the first thousand of one. */
  draws: ({ cases: seeds }) => ({
    seeds: seeds.map(({ seed, draws }) => {
      const rng = makeRng({ seed: BigInt(seed) });
      return { seed, draws: draws.map(() => rng()) };
    }),
    thousand: digest(Array.from({ length: 1000 }, makeRng({ seed: 7 }))),
  }),

  /** A thousand decisions: by a collector, and by the functions alone. */
  sampling: async () => {
    const memory = memorySink();
    const tide = createCollector({ sampling: SAMPLING, sinks: [memory], autoTick: false });
    const rng = makeRng({ seed: SAMPLING.seed });
    const [rules, overrides] = [compileRules(SAMPLING.exclude), compileOverrides(SAMPLING.overrides)];
    const alone = [];
    const pick = makeRng({ seed: 1 });
    for (let i = 0; i < 1000; i += 1) {
      const route = ROUTES[Math.floor(pick() * ROUTES.length)];
      tide.req(route, "GET", 200, START + i, i % 90);
      const rate = getEffectiveRate(route, overrides, SAMPLING.rate);
      if (!shouldExcludeRoute(route, rules) && shouldSampleRequest(rate, rng)) alone.push(route);
    }
    await tide.close();
    const routes = memory.events.map(({ route }) => route);
    const { accepted, sampledOut, excluded } = tide.counters();
    return { accepted, sampledOut, excluded, routes: digest(routes), alone: digest(alone) };
  },

  /** Ten thousand events in three stores, merged: each figure, each sparkline, each byte. */
  stats: () => {
    const rng = makeRng({ seed: 3 });
    const stores = [new StatsStore(), new StatsStore(), new StatsStore({ series: 4 })];
    for (let i = 0; i < 10_000; i += 1) {
      const store = stores[Math.floor(rng() * 3)];
      const duration = rng() < 0.05 ? undefined : 1000 / (1.0001 - rng());
      store.record(START + i * 97, duration, rng() < 0.02, `/route/${Math.floor(1 / (0.05 + rng()))}`);
    }
    const all = new StatsStore();
    for (const store of stores) all.merge(store.toBytes());
    const snapshot = all.snapshot(START + 970_000);
    const bytes = all.toBytes();
    return { count: snapshot.count, figures: digest(snapshot), bytes: digest([...bytes]) };
  },

  /** Ten thousand random steps over a collector with hostile sinks; both laws after each. */
  laws: () => playScript({ seed: 2026, steps: 10_000 }),

  /** What each adapter records. */
  adapters,

  /** Every shape of request and response, bare and measured. */
  transparency,

  /** Collectors made and closed one after the other, without a pause: all at once they would not fit into the memory. */
  closing: async () => {
    const sums = { delivered: 0, counted: 0, resets: 0, refused: 0 };
    for (let i = 0; i < 1300; i += 1) {
      const tide = createCollector({ sinks: [memorySink()], handleSignals: false });
      tide.req("/a", "GET", 200, Date.now(), 5);
      const { delivered } = await tide.close();
      tide.evt("late");
      const { coreResets, refused } = tide.counters();
      sums.delivered += delivered;
      sums.counted += tide.stats().count;
      sums.resets += coreResets;
      sums.refused += refused;
    }
    return sums;
  },

  trap,

  stack,
};

/** Runs all cases; one that throws is an answer too. */
export async function run(vectors) {
  const answers = {};
  for (const [name, play] of Object.entries(cases)) {
    const started = Date.now();
    try {
      answers[name] = { answer: await play(vectors) };
    } catch (error) {
      answers[name] = { error: `${error?.stack ?? error}` };
    }
    answers[name].ms = Date.now() - started;
  }
  return answers;
}

/** FNV-1a over the JSON text: a short name for a long answer. */
function digest(value) {
  let hash = 0x811c9dc5;
  for (const char of JSON.stringify(value)) hash = Math.imul(hash ^ char.codePointAt(0), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
