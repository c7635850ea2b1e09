import { describeThrown } from "../runtime/error-type.ts";
import type { Notices } from "../types/notices.ts";
import type { Log } from "./log.ts";

type Listener<K extends keyof Notices> = (notice: Notices[K]) => void;
type AnyListener = (notice: Notices[keyof Notices]) => void;

/** The listeners of a collector. One that throws is reported once, and does not disturb the others. */
export class NoticeBoard {
  readonly #log: Log;
  readonly #listeners = new Map<keyof Notices, Set<AnyListener>>();
  #hasReported = false;
  /** How many listeners there are. Without any, the notices of the engine are dropped unread. */
  size = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  on<K extends keyof Notices>(type: K, listener: Listener<K>): () => void {
    const set = this.#listeners.get(type) ?? new Set<AnyListener>();
    this.#listeners.set(type, set);
    // A wrapper each time: a function that is added twice is called twice, and each of its removals removes one.
    const entry: AnyListener = (notice) => listener(notice as Notices[K]);
    set.add(entry);
    this.size += 1;
    return () => {
      if (set.delete(entry)) this.size -= 1;
    };
  }

  emit<K extends keyof Notices>(notice: Notices[K] & { readonly type: K }): void {
    const set = this.#listeners.get(notice.type);
    if (set === undefined) return;
    // A copy, since listeners may remove themselves.
    for (const listener of [...set]) {
      try {
        // The rejection of an async listener must not become an unhandled one of the host.
        const answer: unknown = listener(notice);
        if (answer instanceof Promise) answer.catch((cause) => this.#report(cause));
      } catch (cause) {
        this.#report(cause);
      }
    }
  }

  #report(cause: unknown): void {
    if (this.#hasReported) return;
    this.#hasReported = true;
    this.#log.error(`a listener ${describeThrown(cause)}; later throws are not reported`);
  }
}
