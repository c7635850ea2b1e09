/** Rolling statistics without a collector. */
import { TidegateError } from "./errors.ts";
import type { Stats } from "./types.ts";
import { StatsStore as Store } from "./wasm/generated/tidegate.js";
import { Resettable } from "./wasm/resettable.ts";

/** Options of `StatsStore`. */
export interface StatsStoreOptions {
  /** The window in ms, 60…86400000. Default 900000: 15 minutes. */
  readonly windowMs?: number | undefined;
  /** Rows beside the total, 1…1024. Default 128. What has no row counts as `_OTHER`. */
  readonly series?: number | undefined;
}

/** The engine keeps 256 bytes of a name; a huge one need not cross. */
const NAME_MAX = 1024;

/** A form of the largest store is smaller; anything longer could only exhaust the memory. */
const BYTES_MAX = 64 * 1024 * 1024;

/**
 * Counts, errors, rates and percentiles over a rolling window, in constant memory: 2 MiB at most with the
 * default 128 series, taken at construction and given back some time after nobody refers to the store any more,
 * where the runtime has a FinalizationRegistry. Make few and keep them.
 *
 * Its clock is the latest time it was given. Should the WebAssembly instance fail, the history is lost, the
 * store goes on empty, and `resets` says so.
 *
 * @example
 * const stats = new StatsStore();
 * stats.record(Date.now(), 12.5, false, "/items/:id");
 * console.log(stats.snapshot(Date.now()).p99Ms);
 */
export class StatsStore {
  readonly #store: Resettable<Store>;
  #refused = 0;

  /** Throws TidegateError `config/stats-window`, `config/stats-series`, `config/type`, `config/unknown-option`. */
  constructor(options: StatsStoreOptions = {}) {
    const { windowMs, series } = checked(options);
    this.#store = new Resettable(() => new Store(windowMs, series));
    this.#store.use(() => {});
  }

  /**
   * Counts one event that ended at `atMs`, in all requests and, if `series` is given, in the row of that name.
   *
   * Without a duration it counts, but in no percentile. Returns false, and counts it in `refused`, if it is older
   * than the window, or a value is unusable: a time or duration that is no finite number, a negative duration.
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
    const duration = durationOf(durationMs);
    const counted = this.#store.use((store) => store.record(at, duration, Boolean(isError), name));
    if (!counted) this.#refused += 1;
    return counted;
  }

  /** All figures at `nowMs`, as a plain object of its own. Not a number: at the latest time given. */
  snapshot(nowMs: number): Stats {
    return this.#store.use((store) => store.snapshot(numeric(nowMs)) as Stats);
  }

  /** The whole window in a versioned binary form, for `merge`. The bytes are a copy. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#store.use((store) => store.toBytes() as Uint8Array<ArrayBuffer>);
  }

  /**
   * Adds what another store counted, so that merging the stores of N isolates gives what one would have seen.
   *
   * Associative and commutative. Throws TidegateError `stats/bytes`, and changes nothing, if the bytes are no form
   * of this version, are damaged, or are of another `windowMs`.
   */
  merge(bytes: Uint8Array): void {
    if (!(bytes instanceof Uint8Array)) {
      throw new TidegateError("stats/bytes", "not a Uint8Array; give what toBytes() returned");
    }
    if (bytes.length > BYTES_MAX) {
      throw new TidegateError("stats/bytes", `${bytes.length} bytes are more than any store has`);
    }
    this.#refused += this.#store.use((store) => store.merge(bytes));
  }

  /** Events refused so far, here and in the stores that were merged. */
  get refused(): number {
    return this.#refused;
  }

  /** How often the history was lost since the WebAssembly instance failed. */
  get resets(): number {
    return this.#store.resets;
  }
}

function checked(options: StatsStoreOptions): StatsStoreOptions {
  if (typeof options !== "object" || options === null) {
    throw new TidegateError("config/type", "options must be an object");
  }
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

/** Absent is unknown, which is NaN to the engine; so what is no duration has to be something else. */
function durationOf(value: unknown): number {
  if (value === undefined || value === null) return Number.NaN;
  return typeof value === "number" && value >= 0 ? value : -1;
}

function numeric(value: unknown): number {
  return typeof value === "number" ? value : Number.NaN;
}
