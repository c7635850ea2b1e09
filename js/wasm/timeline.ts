/** A timeline as the engine returns it: start, step, then each column in turn. NaN is unknown. */
import type { Timeline } from "../types/stats.ts";

const COLUMNS = 5;
const HEAD = 2;

export function timelineOf(numbers: Float64Array): Timeline {
  const [startMs = 0, stepMs = 0, ...figures] = numbers;
  const steps = (numbers.length - HEAD) / COLUMNS;
  const column = (at: number) => figures.slice(at * steps, (at + 1) * steps);
  const known = (at: number) => column(at).map((ms) => (Number.isNaN(ms) ? null : ms));
  return {
    startMs,
    stepMs,
    count: column(0),
    errors: column(1),
    p50Ms: known(2),
    p95Ms: known(3),
    p99Ms: known(4),
  };
}
