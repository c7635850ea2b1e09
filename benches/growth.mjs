/** Whether an event costs more when there were many before it, or many different ones. */
import { inTurns, peer, ratio } from "./turns.mjs";

const COUNT = 51_200;
const BEFORE = [10_000, 100_000, 1_000_000, 10_000_000];
const PATHS = [1, 10, 100, 1_000, 10_000, 100_000];

export async function growth(rounds, say) {
  const events = contenders(BEFORE, (before) => peer("tidegate", "ndjson", COUNT, 0, before));
  const paths = contenders(PATHS, (distinct) => peer("tidegate", "ndjson", COUNT, distinct));
  return {
    events: points("events", await inTurns(events, rounds, say)),
    paths: points("paths", await inTurns(paths, rounds, say)),
  };
}

const contenders = (sizes, of) => Object.fromEntries(sizes.map((size) => [String(size), of(size)]));

const points = (of, found) =>
  Object.entries(found).map(([size, figures]) => ({ [of]: Number(size), ...figures }));

/** The last point by the first. */
export const grown = (found) => ratio(found.at(-1), found[0]);
