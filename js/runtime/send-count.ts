/** How many sends one invocation has made, and how long it has to pause before the next one. Plain numbers. */

export interface SendCount {
  sends: number;
  lastSendMs: number;
  /** Until when a leader of this invocation pauses. */
  pausedUntilMs: number;
}

/** What sends: a request, or all that no request can be found for. */
export interface Sender {
  /** Undefined: nothing was sent yet. */
  sent: SendCount | undefined;
}

/** The count of `sender`. Few requests lead, so it is made when it is needed. */
export function countOf(sender: Sender): SendCount {
  sender.sent ??= { sends: 0, lastSendMs: 0, pausedUntilMs: 0 };
  return sender.sent;
}

/** The options `leadSends`, `invocationSends` and `flushIntervalMs`. */
export interface SendLimits {
  readonly leadSends: number;
  readonly invocationSends: number;
  readonly stepMs: number;
}

/** The longest pause. */
const PAUSE_MAX_MS = 300_000;
/** The count of the isolate falls by one in this time. */
const FALL_MS = 300_000;

/** Ms until the next send is allowed: after `leadSends` sends the pause doubles with each further one. */
export function pauseMs(count: SendCount, { leadSends, stepMs }: SendLimits, nowMs: number): number {
  const over = count.sends - leadSends + 1;
  if (over <= 0) return 0;
  const leftMs = count.lastSendMs + Math.min(stepMs * 2 ** over, PAUSE_MAX_MS) - nowMs;
  // A clock that stepped back must not make it longer.
  return Math.min(Math.max(leftMs, 0), PAUSE_MAX_MS);
}

/** The count that all work shares which no request can be found for. */
export class SharedCount implements Sender {
  sent: SendCount | undefined = undefined;
  #fellMs = 0;

  /** Lets it fall by what is due at `nowMs`. */
  fall(nowMs: number): void {
    const steps = Math.floor((nowMs - this.#fellMs) / FALL_MS);
    if (steps === 0) return;
    const count = countOf(this);
    count.sends = Math.max(count.sends - Math.max(steps, 0), 0);
    this.#fellMs = count.sends === 0 || steps < 0 ? nowMs : this.#fellMs + steps * FALL_MS;
  }
}
