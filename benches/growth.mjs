/** Whether an event costs more when there were many before it, many different ones, or when it comes late. */
import { inTurns, peer, ratio } from "./turns.mjs";

const COUNT = 51_200;
const BEFORE = [10_000, 100_000, 1_000_000, 10_000_000];
const PATHS = [1, 10, 100, 1_000, 10_000, 100_000];

export async function growth(rounds, say) {
  const events = contenders(BEFORE, (before) => peer("tidegate", "ndjson", COUNT, 0, before));
  const paths = contenders(PATHS, (distinct) => peer("tidegate", "ndjson", COUNT, distinct));
  const late = await inTurns(
    {
      now: peer("tidegate", "statistics", COUNT),
      late: peer("tidegate", "late", COUNT),
      backfill: peer("tidegate", "backfill", COUNT),
    },
    rounds,
    say,
  );
  return {
    late: Object.entries(late).map(([ended, figures]) => ({ ended, ...figures })),
    events: points("events", await inTurns(events, rounds, say)),
    paths: points("paths", await inTurns(paths, rounds, say)),
  };
}

const contenders = (sizes, of) => Object.fromEntries(sizes.map((size) => [String(size), of(size)]));

const points = (of, found) =>
  Object.entries(found).map(([size, figures]) => ({ [of]: Number(size), ...figures }));

/** What an event that comes late takes of one that ended now: the worse of the two ways to be late. */
export const lateness = ([now, ...later]) => Math.max(...later.map((point) => ratio(point, now)));

/** The last point by the first. */
export const grown = (found) => ratio(found.at(-1), found[0]);
