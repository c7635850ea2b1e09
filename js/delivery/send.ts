/** One send: the batch in the form that its sink takes, the deadline, and what the answer means. */
import { sleep } from "../runtime/sleep.ts";
import { isThenable } from "../runtime/thenable.ts";
import type { ResponseLike } from "../types/http.ts";
import type { SendInfo } from "../types/sink.ts";
import type { NdjsonEvent } from "../types/wire.ts";
import { causeOf } from "./cause.ts";
import { isResponse, OK, type Outcome, outcomeOf, RETRY } from "./outcome.ts";
import { partialSuccess } from "./partial-success.ts";
import type { Batch, PumpHost } from "./pump-host.ts";
import { discard, readReply } from "./reply.ts";

const EXPIRED = Symbol("expired");

/** Sends one batch. Returns its outcome if the sink answers at once, else a promise that it is settled. */
export function deliver(pump: PumpHost, batch: Batch): Promise<void> | Outcome {
  const abort = new LazyAbort();
  let outcome: Outcome;
  try {
    const info = infoOf(pump, batch, abort);
    const answer = callSink(batch, info);
    if (isThenable(answer) || isResponse(answer)) return settleLater(pump, batch, answer, info, abort);
    outcome = outcomeOf(answer, batch.sink.format, pump.clock.now());
  } catch (cause) {
    outcome = reportThrown(pump, batch, cause);
  }
  abort.now();
  pump.reclaim(batch);
  return outcome;
}

/** Waits for the answer until the deadline, and settles. */
async function settleLater(
  pump: PumpHost,
  batch: Batch,
  answer: unknown,
  info: SendInfo,
  abort: LazyAbort,
): Promise<void> {
  const deadline = sleep(pump.host, pump.limits.flushDeadlineMs, false);
  const expired = deadline.done.then((): typeof EXPIRED => EXPIRED);
  let outcome: Outcome = { code: RETRY };
  try {
    const pending = Promise.resolve(answer);
    const reclaim = () => pump.reclaim(batch);
    pending.then(reclaim, reclaim);
    const first = await Promise.race([pending, expired]);
    if (first === EXPIRED) {
      outcome = { code: RETRY, cause: "timeout" };
      // A late answer changes nothing, but its body still has to be drained.
      pending.then(discard, () => {});
    } else {
      outcome = outcomeOf(first, batch.sink.format, pump.clock.now());
      // The status has decided: a body that stalls does not change it.
      if (isResponse(first)) outcome = await readBody(pump, batch, first, outcome, info, expired);
    }
  } catch (cause) {
    outcome = reportThrown(pump, batch, cause);
  }
  deadline.cancel();
  abort.now();
  pump.settle(batch, outcome);
}

/** A network error or a fault of the sink: both are worth another try. */
function reportThrown(pump: PumpHost, { sink }: Batch, thrown: unknown): Outcome {
  const failure = causeOf(thrown);
  pump.reportError("sink/threw", `${sink.name}: ${failure.detail}`);
  return { code: RETRY, ...failure };
}

/** Reads the rest of a response. Only a success of OTLP says something in it: which events were rejected. */
async function readBody(
  pump: PumpHost,
  { sink, count }: Batch,
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
  const { rejected, hasMessage } = partialSuccess(reply, response.headers.get("content-type"));
  const value = Math.min(Math.max(rejected, 0), count);
  if (value > 0 || hasMessage) {
    const what = value > 0 ? `rejected ${value} of ${count} events` : "took all events and sent a warning";
    pump.reportError("sink/partial-success", `${sink.name}: the receiver ${what}`);
  }
  return { ...outcome, value };
}

function callSink({ sink, bytes }: Batch, info: SendInfo): unknown {
  if (sink.format !== "events") return sink.send(bytes, info);
  let events: NdjsonEvent[];
  try {
    events = eventsOf(bytes);
  } catch {
    // The bytes are the engine's own: another try would fail too.
    return "fatal";
  }
  return sink.send(events, info);
}

/** The lines as objects, without the line of counters. */
function eventsOf(bytes: Uint8Array): NdjsonEvent[] {
  const lines = new TextDecoder().decode(bytes).split("\n");
  const events = lines.filter((line) => line !== "" && !line.startsWith('{"kind":"META"'));
  return events.map((line) => JSON.parse(line) as NdjsonEvent);
}

function infoOf({ surroundings }: PumpHost, { batchId, count }: Batch, abort: LazyAbort): SendInfo {
  const { env, leaving } = surroundings;
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

/** An AbortSignal made when a sink asks for it. Most sinks never do, and aborting costs more than encoding some events. */
class LazyAbort {
  #controller: AbortController | undefined;
  #isAborted = false;

  signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isAborted) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  /** Called after success too: nobody waits for what the sink still runs. */
  now(): void {
    this.#isAborted = true;
    this.#controller?.abort();
  }
}
