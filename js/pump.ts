/**
 * THE run loop: mutate → drain → send → settle → arm. Whoever mutates the engine (tick, flush, settle) drains
 * `poll` to its end. A send, its timer and its AbortController belong to the call that polled it and die with
 * it; what is left behind is a lease in the engine, which runs out and hands the batch out again.
 */
import { discard, isResponse, OK, type Outcome, outcomeOf, RETRY, readReply } from "./outcome.ts";
import { partialSuccess } from "./partial-success.ts";
import type { Budget } from "./runtime/lease.ts";
import { type Port, type Sleep, sleep } from "./runtime/port.ts";
import { isThenable } from "./runtime/thenable.ts";
import type { FlushResult, NdjsonEvent, ResponseLike, SendInfo, Sink } from "./types.ts";

/** What became of the events of all sinks together. */
export type Totals = Omit<FlushResult, "timedOut">;

/** A batch handed out by the engine. */
export interface Batch {
  readonly sink: Sink;
  readonly lease: number;
  /** Of the engine that handed it out: another engine's leases may have the same numbers. */
  readonly generation: number;
  readonly batchId: string;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** What the loop needs of the collector. None of it throws. */
export interface Pumped {
  readonly port: Port;
  readonly env: unknown;
  /** As in `SendInfo`. */
  readonly leaving: boolean | undefined;
  now(): number;
  readonly flushDeadlineMs: number;
  poll(): Batch | undefined;
  /** The sink reads the bytes of `batch` no more. */
  reclaim(batch: Batch): void;
  settle(batch: Batch, outcome: Outcome): void;
  /** Something to tell that the counters do not: an `error` notice. */
  remark(code: string, message: string): void;
  tick(): void;
  startFlush(deadlineMs: number): void;
  flushing(): boolean;
  nextDeadline(): number;
  totals(): Totals;
}

/** How often a flush looks after batches that others have leased: nobody tells it when they settle. */
const WATCH_MS = 25;

const UNLIMITED: Budget = { sends: Number.POSITIVE_INFINITY };

/** Sends what is due now and what comes due meanwhile; resolves when all it sent is settled. Never rejects. */
export async function drain(pumped: Pumped, budget: Budget = UNLIMITED, onStep?: () => void): Promise<void> {
  const own = new Set<Promise<void>>();
  for (;;) {
    const answered: [Batch, Outcome][] = [];
    let once = false;
    while (budget.sends > 0) {
      const batch = pumped.poll();
      if (batch === undefined) break;
      budget.sends -= 1;
      once ||= batch.sink.oncePerInvocation === true;
      onStep?.();
      const sent = deliver(pumped, batch);
      if (isThenable(sent)) track(own, sent);
      else answered.push([batch, sent]);
    }
    // Every sink that was due has had its turn: the limits of one of them end this request's lead.
    if (once && Number.isFinite(budget.sends)) budget.sends = 0;
    for (const [batch, outcome] of answered) pumped.settle(batch, outcome);
    if (answered.length > 0) continue;
    if (own.size === 0) return;
    // One settled is enough to look again: a slow sink must not hold up the others.
    await Promise.race(own);
  }
}

function track(own: Set<Promise<void>>, sent: Promise<void>): void {
  const tracked = sent.finally(() => own.delete(tracked));
  own.add(tracked);
}

/** Sends what is queued now; resolves at the deadline at the latest. */
export async function flush(pumped: Pumped, deadlineMs: number): Promise<FlushResult> {
  const before = pumped.totals();
  const endMs = pumped.now() + deadlineMs;
  pumped.startFlush(deadlineMs);
  pumped.tick();
  const sent = drain(pumped);
  // Sinks that answer at once leave nothing to wait for.
  const timedOut = pumped.flushing() && (await expires(pumped, sent, deadlineMs, endMs));
  const after = pumped.totals();
  return {
    delivered: Math.max(after.delivered - before.delivered, 0),
    remaining: after.remaining,
    dropped: Math.max(after.dropped - before.dropped, 0),
    timedOut: timedOut || (after.remaining > 0 && pumped.now() >= endMs),
  };
}

/** Whether the deadline comes before the end of the flush, whose first sends are `sent`. */
async function expires(
  pumped: Pumped,
  sent: Promise<void>,
  deadlineMs: number,
  endMs: number,
): Promise<boolean> {
  const state = { over: false, timer: undefined as Sleep | undefined };
  const deadline = sleep(pumped.port, deadlineMs, true);
  const expired = deadline.done.then(() => true);
  const finished = settled(pumped, sent, endMs, state).then(() => false);
  const timedOut = await Promise.race([finished, expired]);
  state.over = true;
  state.timer?.cancel();
  deadline.cancel();
  return timedOut;
}

/** Until nothing of the flush is left, sending what is free and watching what others hold by its own timer. */
async function settled(
  pumped: Pumped,
  sent: Promise<void>,
  endMs: number,
  state: { over: boolean; timer: Sleep | undefined },
): Promise<void> {
  await sent;
  while (!state.over && pumped.flushing()) {
    const next = pumped.nextDeadline();
    const waitMs = Math.min(WATCH_MS, endMs - pumped.now(), Number.isNaN(next) ? WATCH_MS : next);
    state.timer = sleep(pumped.port, Math.max(waitMs, 1), true);
    await state.timer.done;
    if (state.over) return;
    // The tick takes back what others have leased and let go.
    pumped.tick();
    await drain(pumped);
  }
}

/** One send: its outcome if the sink answers at once, else a promise of its being settled. */
function deliver(pumped: Pumped, batch: Batch): Promise<void> | Outcome {
  const abort = new LazyAbort();
  let outcome: Outcome;
  try {
    const info = infoOf(pumped, batch, abort);
    const answer = give(batch, info);
    if (isThenable(answer) || isResponse(answer)) return awaited(pumped, batch, answer, info, abort);
    outcome = outcomeOf(answer, batch.sink.format, pumped.now());
  } catch (cause) {
    outcome = threw(pumped, batch, cause);
  }
  abort.now();
  pumped.reclaim(batch);
  return outcome;
}

/** A send that takes its time has until the deadline. */
async function awaited(
  pumped: Pumped,
  batch: Batch,
  answer: unknown,
  info: SendInfo,
  abort: LazyAbort,
): Promise<void> {
  const deadline = sleep(pumped.port, pumped.flushDeadlineMs, false);
  const expired = deadline.done.then((): typeof EXPIRED => EXPIRED);
  let outcome: Outcome = { code: RETRY };
  try {
    const pending = Promise.resolve(answer);
    const read = () => pumped.reclaim(batch);
    pending.then(read, read);
    const first = await Promise.race([pending, expired]);
    if (first === EXPIRED) {
      // A late answer is nobody's, but its body still has to go.
      pending.then(discard, () => {});
    } else {
      outcome = outcomeOf(first, batch.sink.format, pumped.now());
      // The status has decided; a body that stalls changes nothing about it.
      if (isResponse(first)) outcome = await finished(pumped, batch, first, outcome, info, expired);
    }
  } catch (cause) {
    outcome = threw(pumped, batch, cause);
  }
  deadline.cancel();
  abort.now();
  pumped.settle(batch, outcome);
}

/** Thrown, at once or later: a network error, or a sink's own fault. Worth another try either way. */
function threw(pumped: Pumped, { sink }: Batch, cause: unknown): Outcome {
  pumped.remark("sink/threw", `${sink.name}: ${messageOf(cause)}`);
  return { code: RETRY };
}

function infoOf({ env, leaving }: Pumped, { batchId, count }: Batch, abort: LazyAbort): SendInfo {
  return {
    get signal() {
      return abort.signal();
    },
    env,
    batchId,
    count,
    ...(leaving === undefined ? {} : { leaving }),
  };
}

/** A signal made when it is asked for: most sinks never do, and aborting costs more than encoding some events. */
class LazyAbort {
  #controller: AbortController | undefined;
  #aborted = false;

  signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  /** Also after success: whatever the sink still runs has no one to report to. */
  now(): void {
    this.#aborted = true;
    this.#controller?.abort();
  }
}

const EXPIRED = Symbol("expired");

/** Reads what is left of a response as far as it matters: of OTLP's success, what was refused all the same. */
async function finished(
  pumped: Pumped,
  { sink }: Batch,
  response: ResponseLike,
  outcome: Outcome,
  info: SendInfo,
  expired: Promise<typeof EXPIRED>,
): Promise<Outcome> {
  if (outcome.code !== OK || !sink.format.startsWith("otlp")) {
    await Promise.race([discard(response), expired]);
    return outcome;
  }
  const reply = await Promise.race([readReply(response, info.signal), expired]);
  if (reply === EXPIRED || reply === undefined) return outcome;
  const { rejected, message } = partialSuccess(reply, response.headers.get("content-type"));
  if (message !== "") pumped.remark("sink/partial-success", `${sink.name}: ${message}`);
  return { code: OK, value: Math.max(rejected, 0) };
}

/** Gives the sink its batch, in its form. */
function give({ sink, bytes }: Batch, info: SendInfo): unknown {
  if (sink.format !== "events") return sink.send(bytes, info);
  let events: NdjsonEvent[];
  try {
    events = eventsOf(bytes);
  } catch {
    // The engine's own bytes: if they are broken, they stay so.
    return "fatal";
  }
  return sink.send(events, info);
}

/** Lines as objects; the counters at their end are not an event. */
function eventsOf(bytes: Uint8Array): NdjsonEvent[] {
  const lines = new TextDecoder().decode(bytes).split("\n");
  const events = lines.filter((line) => line !== "" && !line.startsWith('{"kind":"META"'));
  return events.map((line) => JSON.parse(line) as NdjsonEvent);
}

function messageOf(cause: unknown): string {
  try {
    return String((cause as { message?: unknown } | undefined)?.message ?? cause).slice(0, MESSAGE_MAX);
  } catch {
    return "it threw";
  }
}

const MESSAGE_MAX = 500;
