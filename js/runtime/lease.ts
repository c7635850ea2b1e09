/** The leader of a host that lives by requests: one request at a time waits, sends and leaves. */
import { type Port, sleep, type WaitUntil } from "./port.ts";

/** How long past its planned wake-up a leader is still believed to live. */
const GRACE_MS = 250;
const LEAD_MS = 10_000;
/** Free plans have 50 subrequests an invocation, and the host's own count too. */
const LEAD_SENDS = 8;

/** Who leads, as plain data: it outlives the request that wrote it, and a dead one's `untilMs` passes. */
export interface Lease {
  token: number;
  untilMs: number;
  sending: boolean;
}

/** Sends left to the caller, counted down by who sends. */
export interface Budget {
  sends: number;
}

/** What a leader needs of the collector. */
export interface Led {
  readonly lease: Lease;
  readonly port: Port;
  now(): number;
  /** Ms until the next deadline; NaN = nothing waits. */
  nextDeadline(): number;
  /** Ticks and sends what is due; calls `onStep` before each send. */
  turn(budget: Budget, onStep: () => void): Promise<void>;
  readonly leaseMs: number;
  /** The longest sleep: events that come meanwhile may have an earlier deadline than the one slept for. */
  readonly stepMs: number;
}

export function newLease(): Lease {
  return { token: 0, untilMs: 0, sending: false };
}

/** At the end of a request with something waiting: leads if nobody does, or if a send is due and the leader sleeps. */
export function lead(led: Led, context: WaitUntil, due: boolean): void {
  const nowMs = led.now();
  if (!vacant(led, nowMs) && !(due && asleep(led.lease, nowMs))) return;
  const waitMs = due ? 0 : led.nextDeadline();
  // A deadline beyond the budget, as a long backoff: a later request will be nearer to it.
  if (!(waitMs <= LEAD_MS)) return;
  const { lease } = led;
  lease.token += 1;
  renew(lease, nowMs + Math.min(waitMs, led.stepMs));
  try {
    context.waitUntil(stay(led, lease.token, waitMs, nowMs + LEAD_MS));
  } catch {
    // No context that takes work: the next request tries.
    leave(lease);
  }
}

/** Nobody leads: the last leader left, died, or wrote its lease by a clock that has since stepped back. */
function vacant(led: Led, nowMs: number): boolean {
  const left = led.lease.untilMs - nowMs;
  return !(left > 0) || left > LEAD_MS + led.leaseMs + GRACE_MS;
}

/** Sleeping past now: one that is just waking up is left to it, or a crowd would depose each other for ever. */
function asleep(lease: Lease, nowMs: number): boolean {
  return !lease.sending && lease.untilMs - GRACE_MS > nowMs;
}

/** Never rejects. It sleeps before anything else, so that the response goes first. */
async function stay(led: Led, token: number, firstWaitMs: number, lastMs: number): Promise<void> {
  const { lease } = led;
  const budget: Budget = { sends: LEAD_SENDS };
  const mine = () => lease.token === token;
  try {
    let waitMs = firstWaitMs;
    // What was slept is counted besides the clock: one that stands still must not keep a leader for ever.
    let sleptMs = 0;
    while (budget.sends > 0 && led.now() + waitMs <= lastMs && sleptMs + waitMs <= LEAD_MS) {
      const stepMs = Math.min(waitMs, led.stepMs);
      sleptMs += Math.max(stepMs, 1);
      renew(lease, led.now() + stepMs);
      await sleep(led.port, stepMs, false).done;
      if (!mine()) return;
      lease.sending = true;
      await led.turn(budget, () => {
        if (mine()) lease.untilMs = led.now() + led.leaseMs;
      });
      if (!mine()) return;
      waitMs = led.nextDeadline();
    }
  } catch {
    // Nothing here may fail the host; the lease is given back below.
  }
  if (mine()) leave(lease);
}

function renew(lease: Lease, wakeMs: number): void {
  lease.untilMs = wakeMs + GRACE_MS;
  lease.sending = false;
}

function leave(lease: Lease): void {
  lease.untilMs = 0;
  lease.sending = false;
}
