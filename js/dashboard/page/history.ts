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
    return last.sinks.map((sink) => {
      const before = first.sinks.find(({ name }) => name === sink.name) ?? sink;
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
