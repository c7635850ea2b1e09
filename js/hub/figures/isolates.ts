/** What the hub knows of each isolate: which pushes it has seen, and the newest counters. */
import type { Push } from "./push.ts";
import { addTally, retired, type Tally } from "./tally.ts";

/**
 * | verdict | meaning |
 * |---|---|
 * | `new` | it counts |
 * | `seen` | it has been counted; nothing changes |
 * | `late` | whether it has been counted is no longer known |
 * | `ahead` | the clock of its isolate is too far ahead |
 * | `full` | there are too many isolates |
 */
export type Verdict = "new" | "seen" | "late" | "ahead" | "full";

interface Isolate {
  /** The highest that was seen. */
  readonly seq: number;
  /** Bit `i`: whether `seq - 1 - i` was seen. */
  readonly seen: bigint;
  readonly lastMs: number;
  /** Its clock minus that of the hub: the largest difference, which the shortest way made. */
  readonly skewMs: number;
  readonly tally: Tally;
}

export type IsolateJson = [
  id: string,
  seq: number,
  seen: string,
  lastMs: number,
  skewMs: number,
  tally: Tally,
];

/** How long an isolate is known after its last push. */
export const KEPT_MS = 3_600_000;
/** How far a clock may be ahead: as statistics allow. */
export const AHEAD_MS = 60_000;
/** A push that was counted and is forgotten must be older than this: it was cut at most AHEAD_MS after it came. */
const LATE_MS = KEPT_MS - 2 * AHEAD_MS;
const LIVE_MS = 60_000;
const BITS = 64;

export class Isolates {
  readonly #known = new Map<string, Isolate>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#known.size;
  }

  verdictOf({ isolate, seq, toMs }: Push, nowMs: number): Verdict {
    if (toMs - nowMs > AHEAD_MS) return "ahead";
    const known = this.#known.get(isolate);
    const isSeen = known !== undefined && hasSeen(known, seq);
    if (isSeen) return "seen";
    if (nowMs - toMs > LATE_MS || (known !== undefined && known.seq - seq > BITS)) return "late";
    return known === undefined && this.#known.size >= this.#most ? "full" : "new";
  }

  /** Notes a push that counts. `sum` follows the newest counters of its isolate. */
  note({ isolate, seq, toMs, tally }: Push, atMs: number, sum: Tally): void {
    const known = this.#known.get(isolate);
    const isNewest = known === undefined || seq > known.seq;
    if (isNewest) {
      if (known !== undefined) addTally(sum, known.tally, -1);
      addTally(sum, tally);
    }
    this.#known.set(isolate, {
      ...withSeen(known, seq),
      lastMs: Math.max(known?.lastMs ?? 0, atMs),
      skewMs: Math.max(known?.skewMs ?? Number.NEGATIVE_INFINITY, toMs - atMs),
      tally: isNewest ? tally : known.tally,
    });
  }

  /** Forgets isolates that are gone. Their counters stay in `sum`. */
  prune(nowMs: number, sum: Tally): void {
    for (const [id, { lastMs, tally }] of this.#known) {
      if (nowMs - lastMs <= KEPT_MS) continue;
      this.#known.delete(id);
      addTally(sum, tally, -1);
      addTally(sum, retired(tally));
    }
  }

  /** Isolates heard of in the last minute, and by how much their clocks differ. */
  live(nowMs: number): { live: number; maxSkewMs: number } {
    const live = [...this.#known.values()].filter(({ lastMs }) => nowMs - lastMs <= LIVE_MS);
    return { live: live.length, maxSkewMs: Math.max(0, ...live.map(({ skewMs }) => Math.abs(skewMs))) };
  }

  /** When the last isolate will be forgotten; undefined: there is none. */
  get endMs(): number | undefined {
    const last = [...this.#known.values()].reduce((latest, { lastMs }) => Math.max(latest, lastMs), 0);
    return this.size === 0 ? undefined : last + KEPT_MS + 1;
  }

  toJSON(): IsolateJson[] {
    return [...this.#known].map(([id, { seq, seen, lastMs, skewMs, tally }]) => [
      ...([id, seq, seen.toString(16), lastMs, skewMs, tally] as const),
    ]);
  }

  restore(all: readonly IsolateJson[]): void {
    for (const [id, seq, seen, lastMs, skewMs, tally] of all) {
      this.#known.set(id, { seq, seen: BigInt(`0x${seen}`), lastMs, skewMs, tally });
    }
  }
}

function hasSeen(known: Isolate, seq: number): boolean {
  const age = known.seq - seq;
  if (age < 0 || age > BITS) return false;
  return age === 0 || ((known.seen >> BigInt(age - 1)) & 1n) === 1n;
}

function withSeen(known: Isolate | undefined, seq: number): Pick<Isolate, "seq" | "seen"> {
  if (known === undefined) return { seq, seen: 0n };
  const age = known.seq - seq;
  if (age > 0) return { seq: known.seq, seen: known.seen | (1n << BigInt(age - 1)) };
  // Beyond the map all is forgotten, however far the step.
  const steps = BigInt(Math.min(-age, BITS + 1));
  return { seq, seen: BigInt.asUintN(BITS, (known.seen << steps) | (1n << (steps - 1n))) };
}
