// A seeded random script over one collector: events of all kinds, open requests, hostile sinks, a clock that jumps.
import { createCollector } from "tidegate";
import { makeRng } from "tidegate/sampling";
import { instrument } from "tidegate/workers";
import { brokenLaws } from "../../tools/laws.mjs";

const START = 1_767_225_600_000;

/**
 * Plays `steps` steps and answers with what was counted. Throws as soon as a law is broken.
 *
 * What the steps are, and so what is emitted, sampled and excluded, follows from the seed alone. When a batch is
 * tried again does not: jitter is the host's.
 */
export async function playScript({ seed, steps }) {
  const stage = setUp(seed);
  const { tide, draw, check } = stage;
  const seen = {};
  for (let step = 0; step < steps; step += 1) {
    const operation = pick(draw, OPERATIONS);
    await operation.run(stage);
    check(`step ${step}, ${operation.name}`);
    seen[operation.name] = (seen[operation.name] ?? 0) + 1;
  }
  for (const request of stage.open.splice(0, stage.open.length >> 1)) request.end();
  await tide.close({ timeoutMs: 30 });
  check("close");
  // Too late: all of these are refused.
  for (const { end } of stage.open.splice(0)) end();
  tide.evt("late");
  tide.req("/late", "GET", 200, START, 1);
  await tide.close({ timeoutMs: 5 });
  stage.clock.ms += 1e6;
  tide.tick();
  await pause(20);
  check("the end");
  const counters = tide.counters();
  const { emitted, accepted, sampledOut, excluded, refused, pending, coreResets, sinks } = counters;
  const lost = (reason) => sinks.reduce((sum, { dropped }) => sum + dropped[reason], 0);
  const total = (name) => sinks.reduce((sum, sink) => sum + Number(sink[name]), 0);
  return {
    fixed: { emitted, accepted, sampledOut, excluded, refused, pending, coreResets },
    checks: stage.checks,
    exercised: {
      held: stage.held,
      delivered: total("delivered"),
      leasesExpired: total("leasesExpired"),
      lateSettles: total("lateSettles"),
      overflow: lost("overflow"),
      rejected: lost("rejected"),
      tooLarge: lost("too_large"),
    },
    names: [seen, stage.outcomes, stage.notices].map((counts) => Object.keys(counts).length),
    error: tide.error === undefined ? null : String(tide.error),
  };
}

function setUp(seed) {
  const clock = { ms: START, once: undefined };
  const stage = { clock, draw: makeRng({ seed }), open: [], checks: 0, held: 0, outcomes: {}, notices: {} };
  const answer = makeRng({ seed: seed + 1 });
  const sink = (name, more) => ({
    name,
    format: "ndjson",
    ...more,
    send(_, { count }) {
      stage.check(`within a send of ${name}`);
      const outcome = pick(answer, OUTCOMES);
      stage.outcomes[outcome.name] = (stage.outcomes[outcome.name] ?? 0) + 1;
      return outcome.run(count);
    },
  });
  stage.tide = createCollector({
    sampling: { rate: 0.5, exclude: ["/health"], overrides: [["re:^/api/", 0.25]], seed: 7, keepSlowMs: 900 },
    queueSize: 200,
    queueBytes: 16_384,
    batchMax: 16,
    flushIntervalMs: 200,
    flushDeadlineMs: 20,
    leaseMs: 60,
    retryBaseMs: 20,
    retryMaxMs: 400,
    sinkProbeMs: 500,
    maxConsecutiveSinkFailures: 3,
    autoTick: false,
    sinks: [sink("steady"), sink("small", { batchMax: 5, maxBytes: 2000 })],
    clock() {
      const { once = clock.ms } = clock;
      clock.once = undefined;
      return once;
    },
  });
  for (const type of ["sink-disabled", "sink-recovered"]) {
    stage.tide.on(type, () => {
      stage.notices[type] = (stage.notices[type] ?? 0) + 1;
    });
  }
  stage.check = (where) => {
    stage.checks += 1;
    const counters = stage.tide.counters();
    stage.held = Math.max(stage.held, counters.pending);
    const broken = brokenLaws(counters);
    if (broken.length > 0) throw new Error(`${where}: ${broken.join("; ")}: ${JSON.stringify(counters)}`);
  };
  return stage;
}

const PATHS = ["/", "/health/x", "/api/v1/items", "/items/4711", "/a?b=c", "/ü"];
const STATUS = [200, 200, 200, 404, 500, 503, Number.NaN];

/** An outcome is drawn for each batch. */
const OUTCOMES = [
  { name: "ok", weight: 50, run: () => "ok" },
  { name: "nothing", weight: 10, run: () => {} },
  { name: "partial", weight: 5, run: (count) => ({ ok: true, rejected: count + 1 }) },
  { name: "retry", weight: 10, run: () => "retry" },
  { name: "later", weight: 5, run: () => ({ retryAfterMs: 90 }) },
  { name: "fatal", weight: 5, run: () => "fatal" },
  { name: "too-large", weight: 8, run: () => "too-large" },
  { name: "slow", weight: 4, run: () => pause(5).then(() => "ok") },
  { name: "late", weight: 2, run: () => pause(40).then(() => "ok") },
  { name: "never", weight: 2, run: () => new Promise(() => {}) },
  { name: "rejects", weight: 5, run: () => Promise.reject(new Error("rejects")) },
  { name: "nonsense", weight: 2, run: () => 42 },
  {
    name: "throws",
    weight: 5,
    run() {
      throw new Error("throws");
    },
  },
];

const OPERATIONS = [
  {
    name: "req",
    weight: 25,
    run({ tide, draw, clock }) {
      const error = draw() < 0.05 ? new TypeError("x") : undefined;
      tide.req(any(draw, PATHS), "GET", any(draw, STATUS), clock.ms - 5, draw() * 1000, error);
    },
  },
  { name: "fn", weight: 5, run: ({ tide, draw, clock }) => tide.fn("work", clock.ms, draw() * 10) },
  {
    name: "db",
    weight: 5,
    run: ({ tide, draw, clock }) =>
      tide.db(`select * from t where id = ${Math.floor(draw() * 99)}`, clock.ms, 1, {
        system: "sqlite",
        rows: 3,
      }),
  },
  {
    name: "evt",
    weight: 8,
    run: ({ tide, draw }) =>
      tide.evt("note", { text: "x".repeat(draw() ** 4 * 3000), n: draw(), yes: draw() < 0.5 }),
  },
  {
    name: "enqueue",
    weight: 4,
    run({ tide, draw, clock }) {
      const [startMs, status] = [clock.ms, any(draw, STATUS)];
      tide.enqueue({
        kind: "REQ",
        route: any(draw, PATHS),
        method: "PUT",
        status,
        startMs,
        attributes: { a: 1 },
      });
    },
  },
  {
    name: "junk",
    weight: 3,
    run({ tide, draw, clock }) {
      const junk = [
        () => tide.enqueue(null),
        () => tide.enqueue({ kind: "REQ", route: 5, method: "GET", status: 200, startMs: clock.ms }),
        () => tide.enqueue({ kind: "NONE" }),
        () => tide.req("/a", "GET", 200, Number.NaN, 1),
        () => tide.req("/a", "GET", 200, clock.ms, -1),
        () => tide.req(Symbol("x"), "GET", 200, clock.ms, 1),
        () => tide.fn("x".repeat(50_000), clock.ms, Number.POSITIVE_INFINITY),
      ];
      any(draw, junk)();
    },
  },
  { name: "open", weight: 8, run: open },
  {
    name: "child",
    weight: 8,
    run({ tide, draw, open, clock }) {
      if (open.length === 0) return;
      const scope = tide.scope(any(draw, open).request);
      if (draw() < 0.5) scope.evt("child", { n: draw() });
      else scope.fn("child", clock.ms, 1);
    },
  },
  {
    name: "end",
    weight: 7,
    run({ draw, open }) {
      if (open.length > 0) return open.splice(Math.floor(draw() * open.length), 1)[0].end();
    },
  },
  {
    name: "step",
    weight: 10,
    run({ draw, clock }) {
      clock.ms += Math.floor(draw() * 120);
    },
  },
  { name: "tick", weight: 12, run: ({ tide }) => void tide.tick() },
  {
    name: "tick at",
    weight: 3,
    run: ({ tide, draw, clock }) =>
      void tide.tick(any(draw, [clock.ms, clock.ms + 50, clock.ms - 30, 0, Number.NaN, undefined])),
  },
  {
    name: "jump",
    weight: 0.7,
    run({ tide, draw, clock }) {
      clock.ms += any(draw, [-10, -59, -5_000, -3_600_000, 70_000, 3_600_000, 86_400_000]);
      // Seen at once: else it would depend on the sinks whether the engine ever saw that time.
      tide.tick();
    },
  },
  {
    name: "no clock",
    weight: 1,
    run({ tide, draw, clock }) {
      clock.once = any(draw, [0, Number.NaN, Number.NEGATIVE_INFINITY, "noon"]);
      tide.evt("timeless");
    },
  },
  { name: "microtasks", weight: 8, run: () => Promise.resolve().then(() => {}) },
  { name: "pause", weight: 0.5, run: () => pause(2) },
  { name: "flush", weight: 0.6, run: ({ tide }) => tide.flush({ deadlineMs: 6 }) },
  { name: "flush, not awaited", weight: 0.6, run: ({ tide }) => void tide.flush({ deadlineMs: 6 }) },
  {
    name: "read",
    weight: 1,
    run({ tide }) {
      const { count } = tide.stats();
      if (!(count >= 0 && tide.queueDepth >= 0)) throw new Error("no figures");
    },
  },
];

/** A request begins behind an adapter; its handler answers when `end` is called. */
function open({ tide, draw, open }) {
  if (open.length >= 30) return;
  const [status, fails] = [any(draw, [200, 200, 404, 500]), draw() < 0.1];
  const request = {
    url: `https://example.com${any(draw, PATHS)}`,
    method: "GET",
    headers: { get: () => null },
  };
  let answer;
  const fetch = () =>
    new Promise((resolve, reject) => {
      answer = () => (fails ? reject(new RangeError("of the app")) : resolve(new Response(null, { status })));
    });
  const done = instrument(tide, { fetch }).fetch(request, {}, { waitUntil() {} });
  const end = () => {
    answer();
    return done.catch(() => {});
  };
  open.push({ request, end });
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function any(draw, list) {
  return list[Math.floor(draw() * list.length)];
}

function pick(draw, weighted) {
  let left = draw() * weighted.reduce((sum, { weight }) => sum + weight, 0);
  return weighted.find(({ weight }) => (left -= weight) < 0) ?? weighted[0];
}
