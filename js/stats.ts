/** Rolling statistics without a collector. */
import { TidegateError } from "./types/error.ts";
import type { Bytes } from "./types/host.ts";
import type { SeriesKey, Stats, Timeline } from "./types/stats.ts";
import { amountOf, numeric, shown } from "./wasm/convert.ts";
import { StatsStore as Store } from "./wasm/generated/tidegate.js";
import { Resettable } from "./wasm/resettable.ts";
import { seriesText, timelineOf } from "./wasm/timeline.ts";

/** Options of `StatsStore`. */
export interface StatsStoreOptions {
  /**
   * The window in ms, 60…86400000.
   *
   * @default 900000
   */
  readonly windowMs?: number | undefined;
  /**
   * Rows beside the total, 1…1024. Events without a row of their own count in `_OTHER`.
   *
   * @default 128
   */
  readonly series?: number | undefined;
}

/** Options of `StatsStore.timeline`. */
export interface TimelineOptions {
  /** One row of `snapshot`. A series without a row has no events. @default all requests */
  readonly series?: SeriesKey | undefined;
  /**
   * The length of a step: a whole number of slots, of which 60 is a multiple. 60000 are minutes, of a window of 15 minutes.
   *
   * @default a slot, which is `windowMs / 60`
   */
  readonly stepMs?: number | undefined;
}

const WINDOW_MS = 900_000;
const SLOTS = 60;

/** Longer names are cut before they cross. The engine keeps 256 bytes of them. */
const NAME_MAX = 1024;

/** The bytes of the largest store are fewer. More could only exhaust the memory. */
const BYTES_MAX = 64 * 1024 * 1024;

/**
 * Counts, errors, rates and percentiles over a rolling window, in constant memory.
 *
 * A store takes at most 2 MiB with the default 128 series, at construction. It gives them back some time after nobody
 * refers to it any more, where the runtime has a FinalizationRegistry, and at once by `clear()`. Make few stores and keep them.
 *
 * Its clock is the latest time it was given; only `snapshot` moves it back. If the WebAssembly instance fails, the store goes on empty and counts that
 * in `resets`.
 *
 * @example
 * const stats = new StatsStore();
 * stats.record(Date.now(), 12.5, false, "/items/:id");
 * console.log(stats.snapshot(Date.now()).p99Ms);
 */
export class StatsStore {
  readonly #store: Resettable<Store>;
  readonly #slotMs: number;
  #refused = 0;

  /** Throws TidegateError `config/stats-window`, `config/stats-series`, `config/type`, `config/unknown-option`. */
  constructor(options: StatsStoreOptions = {}) {
    const { windowMs, series } = checked(options);
    this.#store = new Resettable(() => new Store(windowMs, series));
    this.#store.use(() => {});
    this.#slotMs = (windowMs ?? WINDOW_MS) / SLOTS;
  }

  /**
   * Counts one event that ended at `atMs`, in all requests and, if `series` is given, in the row of that name.
   *
   * An event without a duration counts, but in no percentile.
   *
   * Returns false, and counts the event in `refused`, if it is older than the window or a value is unusable: a time or
   * duration that is no finite number, or a negative duration.
   */
  record(
    atMs: number,
    durationMs: number | null | undefined,
    isError: boolean,
    series?: string | undefined,
  ): boolean {
    const named = series === undefined || series === null || typeof series === "string";
    const at = named ? numeric(atMs) : Number.NaN;
    const name = typeof series === "string" ? series.slice(0, NAME_MAX) : undefined;
    const duration = amountOf(durationMs);
    const counted = this.#store.use((store) => store.record(at, duration, Boolean(isError), name));
    if (!counted) this.#refused += 1;
    return counted;
  }

  /**
   * All figures at `nowMs`, as a new plain object. 0 and NaN: at the latest time given.
   *
   * An earlier `nowMs` moves the clock back: one wrong time does no lasting harm. Events then keep their time, and those
   * after `nowMs` count as events at `nowMs`.
   */
  snapshot(nowMs: number): Stats {
    return this.#store.use((store) => store.snapshot(numeric(nowMs)) as Stats);
  }

  /**
   * Figures over time at `nowMs`, newest last: as many steps as are whole in the last 60 slots. So each has all its events,
   * but for the newest, which is not over. Unlike `snapshot` an earlier `nowMs` counts as the latest time given.
   *
   * Throws TidegateError `stats/step` for another `stepMs`.
   */
  timeline(nowMs: number, { series, stepMs = this.#slotMs }: TimelineOptions = {}): Timeline {
    const slots = numeric(stepMs) / this.#slotMs;
    if (!Number.isInteger(slots) || slots < 1 || SLOTS % slots !== 0) {
      const what = `a number of slots of ${this.#slotMs} ms that divides 60`;
      throw new TidegateError("stats/step", `stepMs is ${shown(stepMs)}; it must be ${what}`);
    }
    const row = series && seriesText(String(series.kind), String(series.name).slice(0, NAME_MAX));
    const at = numeric(nowMs);
    return timelineOf(this.#store.use((store) => store.timeline(at, slots, row)));
  }

  /** The whole window as bytes for `merge`, in a versioned form with a checksum. */
  toBytes(): Bytes {
    return this.#store.use((store) => store.toBytes() as Bytes);
  }

  /**
   * Adds the counts of another store. Merging the stores of N isolates gives what one store would have counted.
   *
   * Associative and commutative. Changes nothing if it throws TidegateError:
   *
   * - `stats/bytes`: the bytes are damaged, of another version, or of another `windowMs`
   * - `stats/clock`: the clock of the other store is more than a minute ahead of the latest time that this one was
   *   given; a store that was given none takes any clock, so take a `snapshot(Date.now())` before the first merge
   */
  merge(bytes: Uint8Array): void {
    const copy = copyOf(bytes);
    if (copy.length > BYTES_MAX) {
      throw new TidegateError("stats/bytes", `${copy.length} bytes are more than any store has`);
    }
    this.#refused += this.#store.use((store) => store.merge(copy));
  }

  /** Forgets all events, and gives the memory back at once instead of some time later. The store can be used again. */
  clear(): void {
    this.#store.release((store) => store.free());
  }

  /** Events refused so far, here and in the merged stores. */
  get refused(): number {
    return this.#refused;
  }

  /** How often the history was lost because the WebAssembly instance failed. */
  get resets(): number {
    return this.#store.resets;
  }
}

/** A copy of the bytes themselves: a proxy and a class of the user's may say anything of them. */
function copyOf(bytes: unknown): Uint8Array {
  try {
    if (ArrayBuffer.isView(bytes) && bytes instanceof Uint8Array) return new Uint8Array(bytes);
  } catch {
    // Its buffer has been transferred.
  }
  throw new TidegateError("stats/bytes", "not a Uint8Array; give what toBytes() returned");
}

function checked(given: StatsStoreOptions): StatsStoreOptions {
  if (typeof given !== "object" || given === null) {
    throw new TidegateError("config/type", "options must be an object");
  }
  const options = ownOf(given);
  for (const [name, value] of Object.entries(options)) {
    if (name !== "windowMs" && name !== "series") {
      throw new TidegateError("config/unknown-option", `${name} is not an option`);
    }
    if (value !== undefined && typeof value !== "number") {
      throw new TidegateError("config/type", `${name} must be a number`);
    }
  }
  return options;
}

/** Own properties, each read once. */
function ownOf(given: object): object {
  try {
    return Object.assign(Object.create(null), given);
  } catch (cause) {
    throw new TidegateError("config/type", "options cannot be read", cause);
  }
}
