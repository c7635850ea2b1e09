/** Whether an event costs more when there were many before it, or many different ones. */
import { ask } from "./events.mjs";
import { median } from "./workload.mjs";

/** Events → samples: about as many events each, but for the last. */
const EVENTS = { 10240: 60, 102400: 8, 1024000: 2, 10240000: 1 };
const PATHS = [1, 10, 100, 1_000, 10_000, 100_000];

export function growth(rounds, say) {
  const events = Object.keys(EVENTS).map((count) => ({ events: Number(count), rounds: [] }));
  const paths = PATHS.map((count) => ({ paths: count, rounds: [] }));
  for (let round = 1; round <= rounds; round += 1) {
    say(`growth, round ${round} of ${rounds}`);
    for (const point of events) measure(point, ask("tidegate", "ndjson", point.events, EVENTS[point.events]));
    for (const point of paths) measure(point, ask("tidegate", "ndjson", 204_800, 3, point.paths));
  }
  return { events: events.map(told), paths: paths.map(told) };
}

function measure(point, { times, wasmBytes }) {
  point.rounds.push(median(times));
  point.wasmBytes = wasmBytes;
}

const told = ({ rounds, ...point }) => ({ ...point, ns: median(rounds), rounds });

/** The last point by the first, round by round. */
export function grown(points) {
  const [first, last] = [points[0], points.at(-1)];
  return median(last.rounds.map((ns, round) => ns / first.rounds[round]));
}
