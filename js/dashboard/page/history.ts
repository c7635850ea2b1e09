/** Counters of the last minute, as this page has seen them: what has changed since then. */
import type { Counters, SinkCounters } from "../../types/counters.ts";

const KEPT_MS = 60_000;

export interface SinkChange {
  readonly sink: SinkCounters;
  readonly delivered: number;
  readonly lost: number;
  /** How long the page has watched it. */
  readonly overMs: number;
}

export class History {
  #seen: { readonly atMs: number; readonly sinks: readonly SinkCounters[] }[] = [];

  add(atMs: number, { sinks }: Counters): void {
    this.#seen = [
      ...this.#seen.filter((seen) => atMs - seen.atMs <= KEPT_MS && seen.atMs < atMs),
      { atMs, sinks },
    ];
  }

  changes(): SinkChange[] {
    const [first, last] = [this.#seen[0], this.#seen.at(-1)];
    if (first === undefined || last === undefined) return [];
    return last.sinks.map((sink, at) => {
      // Two can have one name, and one of a hub is in another place once there are more.
      const isSame = ({ name }: SinkCounters) => name === sink.name;
      const before = [...first.sinks.slice(at, at + 1), ...first.sinks].find(isSame) ?? sink;
      return {
        sink,
        delivered: sink.delivered - before.delivered,
        lost: lostBy(sink) - lostBy(before),
        overMs: last.atMs - first.atMs,
      };
    });
  }
}

export function lostBy({ dropped }: SinkCounters): number {
  return Object.values(dropped).reduce((sum, n) => sum + n, 0);
}
