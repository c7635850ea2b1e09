/** Rolling statistics with the clock of the hub. */
import { StatsStore } from "../../stats.ts";
import type { Stats, Timeline } from "../../types/stats.ts";
import type { SeriesKey } from "../../types/view.ts";

/** How old the clock of the store may be: reading all of it at every push would be slow. */
const CLOCK_STEP_MS = 1000;

export const MINUTE_MS = 60_000;

export class Window {
  readonly #store: StatsStore;
  #clockMs = 0;

  constructor(series?: number) {
    this.#store = new StatsStore({ series });
  }

  /** The last time that it was given; 0: there was none. */
  get clockMs(): number {
    return this.#clockMs;
  }

  /** Whether its history was lost with the WebAssembly instance. */
  get isLost(): boolean {
    return this.#store.resets > 0;
  }

  /** Adds what an isolate counted. Throws TidegateError `stats/bytes` or `stats/clock`, and is unchanged then. */
  merge(bytes: Uint8Array, nowMs: number): void {
    if (Math.abs(nowMs - this.#clockMs) >= CLOCK_STEP_MS) this.stats(nowMs);
    this.#store.merge(bytes);
  }

  /** Adds a whole window, whatever its clock. */
  restore(bytes: Uint8Array, clockMs: number): void {
    this.#store.merge(bytes);
    this.#clockMs = Math.max(this.#clockMs, clockMs);
  }

  stats(nowMs: number): Stats {
    this.#clockMs = nowMs;
    return this.#store.snapshot(nowMs);
  }

  timeline(nowMs: number, series?: SeriesKey): Timeline {
    return this.#store.timeline(nowMs, { series });
  }

  /** Minutes since the epoch, of all requests. */
  minutes(nowMs: number): Timeline {
    return this.#store.timeline(nowMs, { stepMs: MINUTE_MS });
  }

  /** Gives its memory back at once. */
  clear(): void {
    this.#store.clear();
  }

  toBytes(): Uint8Array {
    return this.#store.toBytes();
  }
}
