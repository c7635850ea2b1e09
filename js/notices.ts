import type { Notices } from "./types.ts";

type Listener<K extends keyof Notices> = (notice: Notices[K]) => void;
type AnyListener = (notice: Notices[keyof Notices]) => void;

/** Typed on and off. A listener that throws is reported once and never harms who emitted. */
export class NoticeBoard {
  readonly #listeners = new Map<keyof Notices, Set<AnyListener>>();
  #complained = false;
  /** How many listeners there are: the hot path skips notices that nobody hears. */
  size = 0;

  on<K extends keyof Notices>(type: K, listener: Listener<K>): () => void {
    const set = this.#listeners.get(type) ?? new Set<AnyListener>();
    this.#listeners.set(type, set);
    // A wrapper each time: the same function added twice is heard twice and removed once each.
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
    // A copy: listeners may remove themselves.
    for (const listener of [...set]) {
      try {
        // An async listener's rejection must not become an unhandled one in the host either.
        const answer: unknown = listener(notice);
        if (answer instanceof Promise) answer.catch((cause) => this.#complain(cause));
      } catch (cause) {
        this.#complain(cause);
      }
    }
  }

  #complain(cause: unknown): void {
    if (this.#complained) return;
    this.#complained = true;
    console.error("tidegate: a listener threw; later throws are not reported", cause);
  }
}
