/** The package of another revision and the current one, side by side in one run. */
import { inTurns, peer, ratio, ratios, withPackage } from "./turns.mjs";
import { quartiles } from "./workload.mjs";

/** Where the control must lie: it is the same package twice. */
const RESOLVED = [0.97, 1.03];

/**
 * All are started anew for each round, since what one start decides is the same in all its rounds. A round's figure is
 * the least of short samples, since a busy machine interrupts most of the long ones; so it has no pause of the garbage
 * collector that is rarer than a sample.
 */
const SAMPLES = 16;
const WARM_UP_MS = 500;

/** What both packages do, in samples of some 5 ms. */
const ROWS = {
  request: peer("tidegate", "ndjson", 12_800),
  otlp: peer("tidegate", "otlpProtobuf", 12_800),
  newRoutes: peer("tidegate", "ndjson", 10_240, 100_000),
  evt: peer("tidegate", "customEvents", 2_560),
  db: peer("tidegate", "statements", 1_024),
  snapshot: peer("tidegate", "snapshots", 20),
};

/**
 * `before` and `now` are the folders of two packages. A row is the median, over `rounds`, of what `now` takes of
 * `before` in the same round; the control is `before` once more, in the rounds of `request`.
 */
export async function pair({ before, now, rounds, say }) {
  const rows = {};
  for (const [name, contender] of Object.entries(ROWS)) {
    const contenders = { before: of(before, contender), now: of(now, contender) };
    if (name === "request") contenders.control = contenders.before;
    const found = await inTurns(contenders, rounds, (line) => say(`${name}: ${line}`), {
      starts: rounds,
      samples: SAMPLES,
    });
    rows[name] = compared(found.before, found.now);
    if (found.control) rows.control = compared(found.before, found.control);
  }
  const medians = Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, row.ratio]));
  const snapshotMs = { before: rows.snapshot.beforeNs / 1e6, now: rows.snapshot.nowNs / 1e6 };
  return { rounds, counts: isResolved(medians.control), ...medians, snapshotMs, rows };
}

const of = (folder, contender) => withPackage(contender, folder, { WARM_UP_MS });

/** Whether a run with this control counts. */
export const isResolved = (control) => RESOLVED[0] <= control && control <= RESOLVED[1];

export const compared = (before, now) => ({
  beforeNs: before.ns,
  nowNs: now.ns,
  ratio: ratio(now, before),
  quartiles: quartiles(ratios(now, before)),
});
