/** How many wrong tokens are answered before none is looked at: a bound on guessing. */

/** Wrong tokens of one client in one minute. */
const FAILURES_MAX = 10;
const WINDOW_MS = 60_000;
/** Further clients share one count, so that the memory is bounded. */
const CLIENTS_MAX = 1000;

/** Counts of the current minute. Plain data: it outlives requests. */
export class FailureLimit {
  readonly #failures = new Map<string, number>();
  #startMs = 0;

  /** Seconds until `client` is answered again; 0: now. */
  waitSeconds(client: string, nowMs: number): number {
    const sinceMs = nowMs - this.#startMs;
    if (sinceMs < 0 || sinceMs >= WINDOW_MS) {
      this.#startMs = nowMs;
      this.#failures.clear();
      return 0;
    }
    const isReached = (this.#failures.get(this.#keyOf(client)) ?? 0) >= FAILURES_MAX;
    return isReached ? Math.ceil((WINDOW_MS - sinceMs) / 1000) : 0;
  }

  count(client: string): void {
    const key = this.#keyOf(client);
    this.#failures.set(key, (this.#failures.get(key) ?? 0) + 1);
  }

  #keyOf(client: string): string {
    return this.#failures.has(client) || this.#failures.size < CLIENTS_MAX ? client : "";
  }
}
