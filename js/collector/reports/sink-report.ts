/** What is said of sinks that fail: lines for people, and what notices carry. */
import { OK, type Outcome, TOO_LARGE } from "../../delivery/outcome.ts";
import type { Batch } from "../../delivery/pump-host.ts";
import type { Notices } from "../../types/notices.ts";
import type { Log } from "../log.ts";

/** What a reader can do, by the status or the cause. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/^40[13]/, "check headers"],
  [/^40[45]|dns|refused|reset|network/, "check url"],
  [/^3/, "check url; redirects are not followed"],
  [/tls/, "check url and certificate"],
  [/timeout/, "check url, or raise flushDeadlineMs"],
  [/^413/, "set batchMax or maxBytes"],
];
/** What a sink answered, by the code of the outcome. */
const ANSWERS: readonly string[] = ["ok", "retry", "fatal", "too-large"];

/** What a notice carries of the sink's last failure. */
type About = Pick<Notices["sink-failed"], "status" | "cause" | "url" | "nextTryMs">;

interface SinkState {
  /** The last outcome, if it was a failure. */
  failure: Outcome | undefined;
  isDisabled: boolean;
  /** Statuses and causes that were reported. */
  readonly reported: Set<string>;
}

export class SinkReport {
  readonly #log: Log;
  readonly #surroundings: { readonly env: unknown };
  readonly #states = new WeakMap<object, SinkState>();
  /** Disabled sinks. */
  #disabled = 0;

  constructor(log: Log, surroundings: { readonly env: unknown }) {
    this.#log = log;
    this.#surroundings = surroundings;
  }

  /** Whether a recovery has to be reported. */
  get hasDisabled(): boolean {
    return this.#disabled > 0;
  }

  /**
   * After `batch` was settled. Returns the notice of a first failure of its kind. `nextTryMs`: until the sink is sent to
   * again; null: never.
   */
  settled(
    { sink, count }: Batch,
    outcome: Outcome,
    nextTryMs: () => number | null,
  ): Notices["sink-failed"] | undefined {
    const { code, value = 0 } = outcome;
    const state = this.#stateOf(sink);
    if (code === OK) {
      state.failure = undefined;
      if (value > 0) this.#log.warnOnce(`${this.#nameOf(sink)} rejected events of a batch; they are dropped`);
    }
    // A batch of several events is halved, and nothing is lost.
    if (code === OK || (code === TOO_LARGE && count > 1)) return undefined;
    state.failure = outcome;
    const kind = labelOf(outcome);
    if (state.reported.has(kind)) return undefined;
    state.reported.add(kind);
    const about = this.about(sink, nextTryMs);
    this.#log.warn(lineOf(this.#nameOf(sink), outcome, count, about.nextTryMs ?? null));
    return { type: "sink-failed", sink: sink.name, ...about, count };
  }

  /** What a notice of `sink` carries beside its own. */
  about(sink: Batch["sink"], nextTryMs: () => number | null): About {
    const { failure } = this.#stateOf(sink);
    const url = this.#urlOf(sink);
    const { status, cause } = { status: undefined, cause: undefined, ...failure };
    return {
      ...(status === undefined ? {} : { status }),
      ...(cause === undefined ? {} : { cause }),
      ...(url === undefined ? {} : { url }),
      ...(failure === undefined ? {} : { nextTryMs: nextTryMs() }),
    };
  }

  /** Writes what a notice of the engine says. `notice` is complete. */
  write(sink: Batch["sink"], notice: Notices["drop" | "flush" | "sink-disabled" | "sink-recovered"]): void {
    const name = this.#nameOf(sink);
    const state = this.#stateOf(sink);
    const isDisabled = notice.type === "sink-disabled";
    if (isDisabled || notice.type === "sink-recovered") {
      this.#disabled += Number(isDisabled) - Number(state.isDisabled);
      state.isDisabled = isDisabled;
    }
    if (isDisabled) {
      const next = notice.nextTryMs ?? null;
      const why = state.failure === undefined ? "" : `, the last: ${reasonOf(state.failure)}`;
      this.#log.warn(
        `${name} is disabled after too many failures in a row${why}; ${eventsAnd(notice.count, next === null ? "dropped" : "kept")}, ${nextOf(next)}`,
      );
    } else if (notice.type === "sink-recovered") this.#log.warn(`${name} works again`);
    else if (notice.type === "drop") this.#log.debug(`${name}: ${notice.count} dropped (${notice.reason})`);
    else this.#log.debug(`${name}: batch ${notice.batchId} of ${notice.count}: ${notice.outcome}`);
  }

  #nameOf(sink: Batch["sink"]): string {
    const url = this.#urlOf(sink);
    return `sink ${sink.name}${url === undefined ? "" : ` (${url})`}`;
  }

  /** Where the sink posts to, without query and credentials. */
  #urlOf({ addressOf }: Batch["sink"]): string | undefined {
    try {
      if (addressOf === undefined) return undefined;
      const page = (globalThis as { location?: { href?: string } }).location?.href;
      const { origin, pathname } = new URL(addressOf(this.#surroundings.env), page);
      return origin + pathname;
    } catch {
      return undefined;
    }
  }

  #stateOf(sink: object): SinkState {
    let state = this.#states.get(sink);
    if (state === undefined) {
      state = { failure: undefined, isDisabled: false, reported: new Set() };
      this.#states.set(sink, state);
    }
    return state;
  }
}

/** The status, the cause, or what the sink itself has answered. */
function labelOf({ status, cause, code }: Outcome): string {
  return status === undefined ? (cause ?? `answered "${ANSWERS[code]}"`) : String(status);
}

function lineOf(sink: string, outcome: Outcome, count: number, nextTryMs: number | null): string {
  const events = eventsAnd(count, outcome.code === 1 ? "kept" : "dropped");
  return `${sink} failed: ${reasonOf(outcome)}; ${events}, ${nextOf(nextTryMs)}`;
}

/** The label, and a hint where there is one. */
function reasonOf(outcome: Outcome): string {
  const label = labelOf(outcome);
  const hint = label === "threw" ? outcome.detail : HINTS.find(([kind]) => kind.test(label))?.[1];
  return hint === undefined || hint.startsWith(label) ? (hint ?? label) : `${label}: ${hint}`;
}

function eventsAnd(count: number, fate: string): string {
  return `${count} ${count === 1 ? "event" : "events"} ${fate}`;
}

function nextOf(nextTryMs: number | null): string {
  return nextTryMs === null ? "nothing more is sent to it" : `next try in ${nextTryMs} ms`;
}
