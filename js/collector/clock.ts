import type { Host } from "../runtime/host.ts";
import { unawaited } from "../runtime/thenable.ts";

/** The time of one collector. */
export class CollectorClock {
  readonly #host: Host;
  #lastMs = 0;
  /** The user's clock. */
  source: (() => number) | undefined;
  /** The caller's ticks set the engine's time, which must not be mixed with the real one. */
  isManual = false;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Host time. The last known one if the clock returns 0 or NaN, or throws. */
  now(): number {
    const { source } = this;
    try {
      const ms = source === undefined ? this.#host.now() : unawaited(source());
      if (typeof ms === "number" && ms > 0 && ms < Number.POSITIVE_INFINITY) this.#lastMs = ms;
    } catch {
      // A clock that throws counts as no clock.
    }
    return this.#lastMs;
  }

  /** The start or the end of a duration. With a clock of the user's both are its times: it may be a simulated one. */
  preciseNow(): number {
    return this.source === undefined ? this.#host.preciseNow() : this.now();
  }

  /** As `preciseNow`, where `now` has just returned `nowMs`: a clock that is both is not read again. */
  preciseAt(nowMs: number): number {
    const { now, preciseNow } = this.#host;
    return this.source === undefined && now === preciseNow ? nowMs : this.preciseNow();
  }

  /** Host time as the engine takes it; NaN where the caller's ticks set the time. */
  engineTime(nowMs: number): number {
    return this.isManual ? Number.NaN : nowMs;
  }

  engineNow(): number {
    return this.isManual ? Number.NaN : this.now();
  }
}
