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
export function lead(
  led: Led,
  context: WaitUntil,
  nowMs: number,
  due: boolean,
  leadMs: number = LEAD_MS,
): void {
  if (!vacant(led, nowMs) && !(due && asleep(led.lease, nowMs))) return;
  const waitMs = due ? 0 : led.nextDeadline();
  // A deadline beyond the budget, as a long backoff: a later request will be nearer to it.
  if (!(waitMs <= leadMs)) return;
  const { lease } = led;
  lease.token += 1;
  renew(lease, nowMs + Math.min(waitMs, led.stepMs), false);
  try {
    context.waitUntil(stay(led, lease.token, waitMs, leadMs));
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
async function stay(led: Led, token: number, firstWaitMs: number, leadMs: number): Promise<void> {
  const { lease } = led;
  const lastMs = led.now() + leadMs;
  const budget: Budget = { sends: LEAD_SENDS };
  const running = new Set<Promise<void>>();
  const mine = () => lease.token === token;
  try {
    let waitMs = firstWaitMs;
    // Counted besides the clock: one that stands still must not keep a leader for ever.
    let sleptMs = 0;
    while (budget.sends > 0 && led.now() + waitMs <= lastMs && sleptMs + waitMs <= leadMs) {
      const stepMs = Math.min(waitMs, led.stepMs);
      renew(lease, led.now() + stepMs, running.size > 0);
      const slept = await pause(led.port, stepMs, running);
      sleptMs += slept ? Math.max(stepMs, 1) : 0;
      if (!mine()) break;
      send(led, budget, running, mine);
      waitMs = led.nextDeadline();
    }
    // Deposed or spent, its own sends are still its own: they live by this context.
    await Promise.all(running);
  } catch {
    // Nothing here may fail the host; the lease is given back below.
  }
  if (mine()) leave(lease);
}

/** Starts what is due, without waiting for it: a slow sink must not hold up the others. */
function send(led: Led, budget: Budget, running: Set<Promise<void>>, mine: () => boolean): void {
  const { lease } = led;
  const before = budget.sends;
  const turn: Promise<void> = led
    .turn(budget, () => {
      // While it sends it is believed until the batch itself is handed out again.
      if (mine()) renew(lease, led.now() + led.leaseMs, true);
    })
    .finally(() => running.delete(turn));
  if (budget.sends < before) running.add(turn);
}

/** Sleeps, but not past the end of a send: more may be waiting behind it. True if it was the sleep that ended. */
async function pause(port: Port, ms: number, running: ReadonlySet<Promise<void>>): Promise<boolean> {
  const nap = sleep(port, ms, false);
  const sent = [...running].map((turn) => turn.then(() => false));
  const slept = await Promise.race([nap.done.then(() => true), ...sent]);
  nap.cancel();
  return slept;
}

/** Believed a little past its wake-up, and never less than a send under way has been given. */
function renew(lease: Lease, wakeMs: number, sending: boolean): void {
  const untilMs = wakeMs + GRACE_MS;
  lease.untilMs = sending && lease.sending ? Math.max(lease.untilMs, untilMs) : untilMs;
  lease.sending = sending;
}

function leave(lease: Lease): void {
  lease.untilMs = 0;
  lease.sending = false;
}
