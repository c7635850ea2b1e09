// Calls in random order, in phases long enough to be compiled and then proved wrong. Prints what must hold after them.
import { createCollector, memorySink } from "tidegate";
import { compileRules, makeRng, shouldExcludeRoute } from "tidegate/sampling";
import { StatsStore } from "tidegate/stats";

const TIME_MS = 1000;
const START = 1_767_225_600_000;
const VALUES = ["abc", 200, 0, 1.5, true, "größe", "x".repeat(100), -1, undefined, null, {}];

let state = Number(process.argv[2]);
const pick = (below) => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};
const any = () => VALUES[pick(VALUES.length)];

const tide = createCollector({
  sinks: [memorySink()],
  autoTick: false,
  handleSignals: false,
  sampling: { rate: pick(2) ? 1 : 0.5 },
});
const [stats, other] = [new StatsStore(), new StatsStore()];
const rules = compileRules(["/health", "re:^/a+"]);

const calls = [
  () => tide.req(`/a/${pick(3000)}`, "GET", 200, Date.now(), pick(100)),
  () => tide.req(any(), any(), any(), Date.now(), any(), pick(3) ? undefined : "E"),
  () => tide.evt("e", { a: any(), b: pick(5), c: "t" }),
  () => tide.evt(pick(3) ? "n" : 5),
  () => tide.fn("f", Date.now(), pick(100)),
  () =>
    tide.db(`select ${pick(100)}`, Date.now(), 1, { rows: pick(1000), system: pick(2) ? "pg" : undefined }),
  () =>
    tide.enqueue({
      kind: "REQ",
      route: "/x",
      method: "GET",
      status: pick(600),
      startMs: START,
      attributes: { n: pick(9) },
    }),
  () =>
    stats.record(
      START + pick(1e6),
      pick(10) ? pick(100) : undefined,
      pick(2) === 0,
      pick(3) ? `/r${pick(50)}` : undefined,
    ),
  () => shouldExcludeRoute(`/aaa${pick(100)}`, rules),
  () => stats.snapshot(START),
  () => pick(50) || other.merge(stats.toBytes()),
  () => tide.tick(Date.now()),
  () => tide.counters(),
  () => new StatsStore({ series: 1 + pick(5) }).record(START, 1, false),
  () => makeRng({ seed: pick(1e6) })(),
];

const endMs = Date.now() + TIME_MS;
while (Date.now() < endMs) {
  const phase = Array.from({ length: 1 + pick(4) }, () => calls[pick(calls.length)]);
  const length = [50, 500, 5000, 20_000][pick(4)];
  for (let at = 0; at < length && Date.now() < endMs; at += 1) phase[at % phase.length]();
  if (pick(4) === 0) await new Promise((resolve) => setTimeout(resolve, 0));
}

const { emitted, accepted, sampledOut, excluded, refused, pending, coreResets, sinks } = tide.counters();
const broken = sinks.filter(({ accepted, delivered, queued, inFlight, dropped }) => {
  return (
    accepted !== delivered + queued + inFlight + Object.values(dropped).reduce((sum, count) => sum + count)
  );
});
if (emitted !== accepted + sampledOut + excluded + refused + pending) broken.push("the collector's law");
console.log(JSON.stringify({ broken, resets: coreResets + stats.resets, error: tide.error ?? null }));
process.exit(0);
