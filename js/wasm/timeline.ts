/** Timelines on their way into and out of the engine. */
import type { Timeline } from "../types/stats.ts";

/** A series as the engine takes it. */
export function seriesText(kind: string, name: string): string {
  return `${kind} ${name}`;
}

/** `numbers`: start and length of a step, then five figures of each. NaN is unknown. */
export function timelineOf(numbers: Float64Array): Timeline {
  const [startMs = 0, stepMs = 0, ...figures] = numbers;
  const column = (at: number) => figures.filter((_, place) => place % 5 === at);
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
