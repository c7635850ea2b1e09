/** Figures of all requests by minute, for 24 hours. */
import type { Timeline } from "../../types/stats.ts";
import { MINUTE_MS, type Window } from "./window.ts";

/** A minute with requests. As JSON it is what it is. */
export interface Minute {
  readonly startMs: number;
  readonly count: number;
  readonly errors: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
}

const DAY_MINUTES = 1440;
/** A minute is taken from the window when it is this old: nothing can come for it any more, and it is still whole. */
const TAKEN_AFTER_MINUTES = 12;

const minuteOf = (ms: number): number => Math.floor(ms / MINUTE_MS) * MINUTE_MS;

export class Day {
  #minutes: Minute[] = [];
  /** Start of the first minute that has not been taken. */
  #nextMs = 0;

  /** Takes what is old enough at `nowMs`. Must be called before the clock of the window advances to it. */
  take(window: Window, nowMs: number): void {
    const untilMs = minuteOf(nowMs) - TAKEN_AFTER_MINUTES * MINUTE_MS;
    if (untilMs < this.#nextMs) this.#setBack(untilMs);
    if (untilMs === this.#nextMs) return;
    if (window.clockMs > 0) this.#minutes.push(...this.#untaken(window, window.clockMs, untilMs));
    this.#nextMs = untilMs;
    const firstMs = minuteOf(nowMs) - DAY_MINUTES * MINUTE_MS;
    this.#minutes = this.#minutes.filter(({ startMs }) => startMs > firstMs);
  }

  /** A clock that was ahead came back. What was taken too early is in the window again, or lost with it: 12 minutes at most. */
  #setBack(untilMs: number): void {
    this.#nextMs = untilMs;
    this.#minutes = this.#minutes.filter(({ startMs }) => startMs < untilMs);
  }

  /** Those that were taken, and those still in the window, oldest first. */
  minutes(window: Window, nowMs: number): Minute[] {
    return [...this.#minutes, ...this.#untaken(window, nowMs, Number.POSITIVE_INFINITY)];
  }

  #untaken(window: Window, nowMs: number, untilMs: number): Minute[] {
    const fresh = minutesOf(window.minutes(nowMs));
    return fresh.filter(({ startMs }) => startMs >= this.#nextMs && startMs < untilMs);
  }

  /** Adds those of another shard, which took them at other times. */
  add(minutes: readonly Minute[], nextMs: number): void {
    const all = new Map(this.#minutes.map((minute) => [minute.startMs, minute]));
    for (const minute of minutes) {
      const known = all.get(minute.startMs);
      all.set(minute.startMs, known === undefined ? minute : sumOf(known, minute));
    }
    this.#minutes = [...all.values()].sort((a, b) => a.startMs - b.startMs);
    this.#nextMs = Math.max(this.#nextMs, nextMs);
  }

  toJSON(): [minutes: readonly Minute[], nextMs: number] {
    return [this.#minutes, this.#nextMs];
  }

  /** When the newest that was taken is too old; undefined: there is none. */
  get endMs(): number | undefined {
    const newest = this.#minutes.at(-1);
    return newest && newest.startMs + (DAY_MINUTES + TAKEN_AFTER_MINUTES + 1) * MINUTE_MS;
  }
}

/** Percentiles of two shards: their mean, weighted by count. Isolates are spread evenly over shards. */
function sumOf(one: Minute, two: Minute): Minute {
  const count = one.count + two.count;
  const mean = (a: number | null, b: number | null) =>
    a === null || b === null ? (a ?? b) : (a * one.count + b * two.count) / count;
  return {
    startMs: one.startMs,
    count,
    errors: one.errors + two.errors,
    p50Ms: mean(one.p50Ms, two.p50Ms),
    p95Ms: mean(one.p95Ms, two.p95Ms),
    p99Ms: mean(one.p99Ms, two.p99Ms),
  };
}

function minutesOf({ startMs, stepMs, count, errors, p50Ms, p95Ms, p99Ms }: Timeline): Minute[] {
  const all = count.map((requests, index) => ({
    startMs: startMs + index * stepMs,
    count: requests,
    errors: errors[index] ?? 0,
    p50Ms: p50Ms[index] ?? null,
    p95Ms: p95Ms[index] ?? null,
    p99Ms: p99Ms[index] ?? null,
  }));
  return all.filter((minute) => minute.count > 0);
}

/** From the first minute of the day that had requests to now, minutes without requests too. */
export function timelineOf(minutes: readonly Minute[], nowMs: number): Timeline {
  const oldest = minuteOf(nowMs) - (DAY_MINUTES - 1) * MINUTE_MS;
  const startMs = Math.max(oldest, minutes[0]?.startMs ?? minuteOf(nowMs));
  const byStart = new Map(minutes.map((minute) => [minute.startMs, minute]));
  const length = (minuteOf(nowMs) - startMs) / MINUTE_MS + 1;
  const slots = Array.from({ length }, (_, index) => byStart.get(startMs + index * MINUTE_MS));
  return {
    startMs,
    stepMs: MINUTE_MS,
    count: slots.map((slot) => slot?.count ?? 0),
    errors: slots.map((slot) => slot?.errors ?? 0),
    p50Ms: slots.map((slot) => slot?.p50Ms ?? null),
    p95Ms: slots.map((slot) => slot?.p95Ms ?? null),
    p99Ms: slots.map((slot) => slot?.p99Ms ?? null),
  };
}
