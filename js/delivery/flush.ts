import { type Sleep, sleep } from "../runtime/sleep.ts";
import type { FlushResult } from "../types/collector.ts";
import type { PumpHost } from "./pump-host.ts";
import { drain } from "./run-loop.ts";

/** How often a flush looks after batches that other requests have leased: it gets no signal when they settle. */
const WATCH_MS = 25;

/** Sends what is queued now. Resolves at the deadline at the latest. Never rejects. */
export async function flush(pump: PumpHost, deadlineMs: number): Promise<FlushResult> {
  const before = pump.totals();
  const endMs = pump.clock.now() + deadlineMs;
  pump.startFlush(deadlineMs);
  pump.tick();
  const sent = drain(pump);
  // Sinks that answer at once leave nothing to wait for.
  const timedOut = pump.isFlushing() && (await isLate(pump, sent, deadlineMs, endMs));
  const after = pump.totals();
  return {
    delivered: Math.max(after.delivered - before.delivered, 0),
    remaining: after.remaining,
    dropped: Math.max(after.dropped - before.dropped, 0),
    timedOut: timedOut || (after.remaining > 0 && pump.clock.now() >= endMs),
  };
}

/** The watch over a flush: what ends it, shared by its two sides. */
interface Watch {
  isOver: boolean;
  timer: Sleep | undefined;
}

/** Waits for the end of the flush, whose first sends are `sent`. Returns whether the deadline came first. */
async function isLate(
  pump: PumpHost,
  sent: Promise<void>,
  deadlineMs: number,
  endMs: number,
): Promise<boolean> {
  const watch: Watch = { isOver: false, timer: undefined };
  const deadline = sleep(pump.host, deadlineMs, true);
  const expired = deadline.done.then(() => true);
  const finished = finish(pump, sent, endMs, watch).then(() => false);
  const timedOut = await Promise.race([finished, expired]);
  watch.isOver = true;
  watch.timer?.cancel();
  deadline.cancel();
  return timedOut;
}

/** Sends until nothing of the flush is left. Batches that other requests have leased are watched by a timer. */
async function finish(pump: PumpHost, sent: Promise<void>, endMs: number, watch: Watch): Promise<void> {
  await sent;
  while (!watch.isOver && pump.isFlushing()) {
    const nextMs = pump.nextDeadline();
    const waitMs = Math.min(WATCH_MS, endMs - pump.clock.now(), Number.isNaN(nextMs) ? WATCH_MS : nextMs);
    watch.timer = sleep(pump.host, Math.max(waitMs, 1), true);
    const isAwake = await watch.timer.done;
    if (watch.isOver || !isAwake) return;
    // The tick takes back batches whose lease has expired.
    pump.tick();
    await drain(pump);
  }
}
