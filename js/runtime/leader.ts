/**
 * Who sends on a host that lives by requests. One request at a time leads: it waits until a batch is due, sends it
 * and leaves. Its work belongs to its own context, so it may die with that context at any time.
 */
import type { Clock, Host } from "./host.ts";
import { sleep } from "./sleep.ts";
import type { WaitUntil } from "./wait-until.ts";

/** A leader is believed to live for this long after its planned wake-up. */
const GRACE_MS = 250;
/** The longest that a request leads. */
const LEAD_MS = 10_000;
/** The most sends of one leader. Free plans of Workers have 50 subrequests per invocation, shared with the program. */
const LEAD_SENDS = 8;

/** The term of the leader, as plain data: it outlives the request that wrote it. A dead leader's term ends by itself. */
export interface Term {
  /** Goes up with each leader. */
  leader: number;
  untilMs: number;
  isSending: boolean;
}

/** Sends left to the caller, counted down by who sends. */
export interface Budget {
  sends: number;
}

/** What a leader needs of the collector. */
export interface LeaderHost {
  readonly host: Host;
  readonly clock: Clock;
  readonly term: Term;
  readonly limits: {
    /** The option `leaseMs`. */
    readonly leaseMs: number;
    /** The longest sleep. Events that come meanwhile may be due earlier than what the leader sleeps for. */
    readonly stepMs: number;
  };
  /** Ms until the next deadline; NaN: nothing waits. */
  nextDeadline(): number;
  /** Ticks and sends what is due. Calls `onSend` before each send. */
  sendDue(budget: Budget, onSend: () => void): Promise<void>;
}

export function newTerm(): Term {
  return { leader: 0, untilMs: 0, isSending: false };
}

/**
 * Called at the end of a request while something waits. The request leads if there is no leader, or if a batch is due
 * and the leader sleeps.
 */
export function runLeader(
  host: LeaderHost,
  context: WaitUntil,
  nowMs: number,
  isDue: boolean,
  leadMs: number = LEAD_MS,
): void {
  if (!hasNoLeader(host, nowMs) && !(isDue && isAsleep(host.term, nowMs))) return;
  const waitMs = isDue ? 0 : host.nextDeadline();
  // A deadline beyond this leader's time, as after a long backoff, is left to a later request.
  if (!(waitMs <= leadMs)) return;
  const { term } = host;
  term.leader += 1;
  extend(term, nowMs + Math.min(waitMs, host.limits.stepMs), false);
  try {
    context.waitUntil(leaderLoop(host, term.leader, waitMs, leadMs));
  } catch {
    // The context takes no work: the next request tries.
    end(term);
  }
}

/** The last leader has left or died, or the clock has stepped back since it wrote its term. */
function hasNoLeader({ term, limits }: LeaderHost, nowMs: number): boolean {
  const leftMs = term.untilMs - nowMs;
  return !(leftMs > 0) || leftMs > LEAD_MS + limits.leaseMs + GRACE_MS;
}

/** A leader that should be awake by now is not replaced: in a crowd each request would replace the one before. */
function isAsleep(term: Term, nowMs: number): boolean {
  return !term.isSending && term.untilMs - GRACE_MS > nowMs;
}

/** Never rejects. It sleeps before anything else, so that the response goes first. */
async function leaderLoop(
  host: LeaderHost,
  leader: number,
  firstWaitMs: number,
  leadMs: number,
): Promise<void> {
  const { term } = host;
  const lastMs = host.clock.now() + leadMs;
  const budget: Budget = { sends: LEAD_SENDS };
  const running = new Set<Promise<void>>();
  const leads = () => term.leader === leader;
  try {
    let waitMs = firstWaitMs;
    // Counted beside the clock, which may stand still: a leader must not stay for ever.
    let sleptMs = 0;
    while (budget.sends > 0 && host.clock.now() + waitMs <= lastMs && sleptMs + waitMs <= leadMs) {
      const stepMs = Math.min(waitMs, host.limits.stepMs);
      extend(term, host.clock.now() + stepMs, running.size > 0);
      sleptMs += await pause(host.host, stepMs, running);
      if (Number.isNaN(sleptMs) || !leads()) break;
      startSends(host, budget, running, leads);
      waitMs = host.nextDeadline();
    }
    // Its sends live by its context, also after another request has taken over.
    await Promise.all(running);
  } catch {
    // Nothing here may fail the host.
  }
  if (leads()) end(term);
}

/** Starts what is due without waiting for it: a slow sink must not hold up the others. */
function startSends(
  host: LeaderHost,
  budget: Budget,
  running: Set<Promise<void>>,
  leads: () => boolean,
): void {
  const before = budget.sends;
  const sent: Promise<void> = host
    .sendDue(budget, () => {
      // While it sends, it is believed to live until the lease of the batch expires.
      if (leads()) extend(host.term, host.clock.now() + host.limits.leaseMs, true);
    })
    .finally(() => running.delete(sent));
  if (budget.sends < before) running.add(sent);
}

/**
 * Sleeps, but not past the end of a running send: more may wait behind it. Returns the ms slept, 0 if a send ended
 * first, NaN if the host gives no timer.
 */
async function pause(host: Host, ms: number, running: ReadonlySet<Promise<void>>): Promise<number> {
  const nap = sleep(host, ms, false);
  const slept = nap.done.then((isOver) => (isOver ? Math.max(ms, 1) : Number.NaN));
  const sent = [...running].map((send) => send.then(() => 0));
  const sleptMs = await Promise.race([slept, ...sent]);
  nap.cancel();
  return sleptMs;
}

/** Extends the term a little past the next wake-up. While a send runs, the term never becomes shorter. */
function extend(term: Term, wakeMs: number, isSending: boolean): void {
  const untilMs = wakeMs + GRACE_MS;
  term.untilMs = isSending && term.isSending ? Math.max(term.untilMs, untilMs) : untilMs;
  term.isSending = isSending;
}

function end(term: Term): void {
  term.untilMs = 0;
  term.isSending = false;
}
