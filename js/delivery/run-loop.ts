/**
 * The run loop. Each change of the engine (tick, flush, settle) is followed by a drain of `poll` to its end, and then
 * by arming the next deadline.
 *
 * What is recorded while a drain runs, by a sink, a listener or anybody else, waits for the next tick. Else a sink that
 * records would keep the drain running without end, and the event loop waiting.
 *
 * A send, its timer and its AbortController belong to the call that polled the batch, and die with it. What is left
 * is a lease in the engine: it expires, and the engine hands the batch out again.
 */
import type { Budget } from "../runtime/leader.ts";
import type { Outcome } from "./outcome.ts";
import type { Batch, PumpHost, Round } from "./pump-host.ts";
import { deliver } from "./send.ts";

const UNLIMITED: Budget = { sends: Number.POSITIVE_INFINITY };

/** Sends what is due of all that has been recorded until now. Resolves when all it sent is settled. Never rejects. */
export async function drain(pump: PumpHost, budget: Budget = UNLIMITED, onSend?: () => void): Promise<void> {
  const running = new Set<Promise<void>>();
  const round = pump.round();
  for (;;) {
    const answered = startDue(pump, round, budget, running, onSend);
    for (const [batch, outcome] of answered) pump.settle(batch, outcome);
    if (answered.length > 0) continue;
    if (running.size === 0) return;
    // After one has settled more may be due: a slow sink must not hold up the others.
    await Promise.race(running);
  }
}

/** Polls until nothing is due. Returns the batches that were answered at once; the others are added to `running`. */
function startDue(
  pump: PumpHost,
  round: Round,
  budget: Budget,
  running: Set<Promise<void>>,
  onSend: (() => void) | undefined,
): [Batch, Outcome][] {
  const answered: [Batch, Outcome][] = [];
  let isLast = false;
  while (budget.sends > 0) {
    const batch = pump.poll(round);
    if (batch === undefined) break;
    budget.sends -= 1;
    isLast ||= batch.sink.oncePerInvocation === true;
    onSend?.();
    const sent = deliver(pump, batch);
    if (sent instanceof Promise) track(running, sent);
    else answered.push([batch, sent]);
  }
  // Every sink that was due has been sent to. Then the limit of one of them ends the leader's budget.
  if (isLast && Number.isFinite(budget.sends)) budget.sends = 0;
  return answered;
}

function track(running: Set<Promise<void>>, sent: Promise<void>): void {
  const tracked = sent.finally(() => running.delete(tracked));
  running.add(tracked);
}
