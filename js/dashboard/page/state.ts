/** What the parts of the page show. */
import type { Timeline } from "../../types/stats.ts";
import type { View } from "../../types/view.ts";
import type { Verdict } from "./verdict.ts";

export type Range = "window" | "day";

export interface State {
  readonly view: View;
  readonly verdict: Verdict;
  readonly range: Range;
  /** Of one isolate of many. */
  readonly isOneOfMany: boolean;
}

/** One slot of a timeline. */
export interface Slot {
  readonly startMs: number;
  /** Of it have passed. Null: too few to tell a rate. */
  readonly seconds: number | null;
  readonly count: number;
  readonly errors: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
}

/** The newest slot is not over yet: its rate is that of the part that has passed. */
const SECONDS_MIN = 5;

export function slotsOf(timeline: Timeline, nowMs: number): Slot[] {
  const { startMs, stepMs, count, errors, p50Ms, p95Ms, p99Ms } = timeline;
  return count.map((n, at) => {
    const start = startMs + at * stepMs;
    const seconds = Math.min(stepMs, nowMs - start) / 1000;
    return {
      startMs: start,
      seconds: seconds < SECONDS_MIN ? null : seconds,
      count: n,
      errors: errors[at] ?? 0,
      p50Ms: p50Ms[at] ?? null,
      p95Ms: p95Ms[at] ?? null,
      p99Ms: p99Ms[at] ?? null,
    };
  });
}
