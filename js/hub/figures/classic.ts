/** The classic histogram of Prometheus, of durations of requests. Its counts never fall. */
import { type Distribution, middles } from "./distribution.ts";

/** Counts by bucket, not cumulative: one more than there are bounds. As JSON it is what it is. */
export type Classic = number[];

/** The bounds in seconds that the conventions advise, the same as those of `metricsText()`. */
export const CLASSIC_BOUNDS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

/**
 * A bucket of `distribution` counts where its middle lies, so durations are at most half a bucket off: 0.6 % if those of
 * a push spread 5.6-fold or less, 4.4 % if they spread a millionfold.
 */
export function classicOf(distribution: Distribution): Classic {
  const counts: Classic = [...CLASSIC_BOUNDS.map(() => 0), 0];
  counts[0] = distribution.zeros;
  for (const [middle, count] of middles(distribution.positive, distribution.scale)) {
    const found = CLASSIC_BOUNDS.findIndex((bound) => middle <= bound);
    const at = found < 0 ? CLASSIC_BOUNDS.length : found;
    counts[at] = (counts[at] as number) + count;
  }
  return counts;
}
