// The two laws of the ledger, checked on a counters() snapshot. See ARCHITECTURE.md, "The ledger".

const sum = (object) => Object.values(object).reduce((total, count) => total + count, 0);

/** Every way in which `counters` breaks a law; empty when both hold. */
export function brokenLaws(counters) {
  const broken = [];
  const { emitted, accepted, sampledOut, excluded, refused, pending } = counters;
  const told = accepted + sampledOut + excluded + refused + pending;
  if (emitted !== told) broken.push(`emitted ${emitted} ≠ accounted for ${told}`);
  // A batch's own line has no reasons.
  const reasons = sum(counters.refusedBy ?? { refused });
  if (refused !== reasons) broken.push(`refused ${refused} ≠ by reason ${reasons}`);
  for (const sink of counters.sinks) {
    const known = sink.delivered + sink.queued + sink.inFlight + sum(sink.dropped);
    if (sink.accepted !== known)
      broken.push(`sink ${sink.name}: accepted ${sink.accepted} ≠ accounted for ${known}`);
  }
  return broken;
}

/** Nothing waits any more: what was accepted is delivered or dropped. */
export function isDrained(counters) {
  return (
    counters.pending === 0 && counters.sinks.every(({ queued, inFlight }) => queued === 0 && inFlight === 0)
  );
}
