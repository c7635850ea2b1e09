/** The order of a round, counted from 0: who is first, and who comes after whom, changes with each. */
export function orderOf(names, round) {
  const steps = stepsThatVisitAll(names.length);
  const step = steps[round % steps.length];
  return names.map((_, turn) => names[(turn * step + round) % names.length]);
}

/** What has no divisor in common with `count`. */
function stepsThatVisitAll(count) {
  const divisor = (a, b) => (b === 0 ? a : divisor(b, a % b));
  return Array.from({ length: count }, (_, at) => at + 1).filter((step) => divisor(count, step) === 1);
}
