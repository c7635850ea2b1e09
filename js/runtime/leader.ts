/**
 * Who sends on a host that lives by requests. One request at a time leads: it waits until a batch is due, sends it
 * and leaves. Its work belongs to its own context, so it may die with that context at any time.
 */
import type { FlushContext } from "./bridge.ts";
import type { Clock, Host } from "./host.ts";
import { countOf, pauseMs, type SendCount, type Sender, type SendLimits } from "./send-count.ts";
import { sleep } from "./sleep.ts";

/** A leader is believed to live for this long after its planned wake-up. */
const GRACE_MS = 250;
/** The longest that a request leads. */
const LEAD_MS = 10_000;

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
  readonly limits: SendLimits & {
    /** The option `leaseMs`. */
    readonly leaseMs: number;
    /** The longest sleep. Events that come meanwhile may be due earlier than what the leader sleeps for. */
    readonly stepMs: number;
  };
  /** How many sinks there are: each of them may have something due. */
  readonly sinkCount: number;
  /** Ms until the next deadline; NaN: nothing waits. */
  nextDeadline(): number;
  /** Ticks and sends what is due. Calls `onSend` before each send. */
  sendDue(budget: Budget, onSend: () => void): Promise<void>;
}

export function newTerm(): Term {
  return { leader: 0, untilMs: 0, isSending: false };
}

/**
 * Called when something waits: at the end of a request, and after work that is late. The invocation of `sender` leads if
 * there is no leader, or if a batch is due and the leader sleeps.
 */
export function runLeader(
  host: LeaderHost,
  context: FlushContext,
  sender: Sender,
  nowMs: number,
  isDue: boolean,
): void {
  const { limits } = host;
  if (!hasNoLeader(host, nowMs) && !(isDue && isAsleep(host.term, nowMs))) return;
  const count = countOf(sender);
  if (count.sends >= limits.invocationSends) return;
  const leadMs = context.isBrief === true ? limits.stepMs : LEAD_MS;
  const pause = pauseMs(count, limits, nowMs);
  const waitMs = pause > 0 ? pause : isDue ? 0 : host.nextDeadline();
  // A deadline beyond this leader's time, as after a long backoff, is left to a later event.
  if (!(waitMs <= leadMs) || (pause > 0 && count.pausedUntilMs > nowMs)) return;
  const lead: Leading = { host, count, leadMs, lastMs: nowMs + leadMs };
  // Written before anything is awaited: the events that follow at once must see it.
  if (pause > 0) count.pausedUntilMs = nowMs + pause;
  else takeTerm(host, nowMs + Math.min(waitMs, limits.stepMs));
  const { leader } = host.term;
  try {
    context.waitUntil(pause > 0 ? leadAfter(lead, pause) : leadNow(lead, leader, waitMs));
  } catch {
    // The context takes no work: the next event tries.
    if (pause > 0) count.pausedUntilMs = 0;
    else end(host.term);
  }
}

/** One invocation that leads, or pauses before it leads again. */
interface Leading {
  readonly host: LeaderHost;
  readonly count: SendCount;
  readonly leadMs: number;
  /** When it must have left. */
  readonly lastMs: number;
}

function takeTerm({ term }: LeaderHost, wakeMs: number): void {
  term.leader += 1;
  extend(term, wakeMs, false);
}

/** A pause is no term: meanwhile others lead. */
async function leadAfter(lead: Leading, pause: number): Promise<void> {
  const { host, count } = lead;
  const isAwake = await sleep(host.host, pause, false).done;
  count.pausedUntilMs = 0;
  const nowMs = host.clock.now();
  const waitMs = host.nextDeadline();
  if (!isAwake || !hasNoLeader(host, nowMs) || !(nowMs + waitMs <= lead.lastMs + pause)) return;
  takeTerm(host, nowMs + Math.min(waitMs, host.limits.stepMs));
  await leadNow(lead, host.term.leader, waitMs);
}

/** Leads, and once more after a pause if its sends are spent and something waits. */
async function leadNow(lead: Leading, leader: number, waitMs: number): Promise<void> {
  const { host, count, lastMs } = lead;
  await leaderLoop(lead, leader, waitMs);
  const nowMs = host.clock.now();
  const pause = pauseMs(count, host.limits, nowMs);
  const mayLead = count.sends < host.limits.invocationSends && count.pausedUntilMs <= nowMs;
  if (pause === 0 || !mayLead || nowMs + pause > lastMs || Number.isNaN(host.nextDeadline())) return;
  count.pausedUntilMs = nowMs + pause;
  await leadAfter(lead, pause);
}

/** Past `leadSends` a pause follows each round of sends, one for each sink. */
function budgetOf({ host: { limits, sinkCount }, count: { sends } }: Leading): Budget {
  const left = limits.invocationSends - sends;
  return { sends: Math.min(left, sends < limits.leadSends ? limits.leadSends - sends : sinkCount) };
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
async function leaderLoop(lead: Leading, leader: number, firstWaitMs: number): Promise<void> {
  const { host, leadMs } = lead;
  const { term } = host;
  const lastMs = host.clock.now() + leadMs;
  const budget = budgetOf(lead);
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
      startSends(lead, budget, running, leads);
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
  { host, count }: Leading,
  budget: Budget,
  running: Set<Promise<void>>,
  leads: () => boolean,
): void {
  const before = budget.sends;
  const sent: Promise<void> = host
    .sendDue(budget, () => {
      count.sends += 1;
      count.lastSendMs = host.clock.now();
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
