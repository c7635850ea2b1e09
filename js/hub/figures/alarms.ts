/** Which alarms are active, by the whole minutes that are over. */
import type { AlarmView } from "../../types/view.ts";
import type { Minute } from "./day.ts";
import { MINUTE_MS } from "./window.ts";

/** A rule whose options were checked. */
export interface CheckedRule {
  readonly name: string;
  readonly kind: AlarmView["kind"];
  readonly threshold: number;
  readonly minutes: number;
}

/** Pushes of a minute come up to this much later. */
export const GRACE_MS = 15_000;

/** A start or an end. */
export interface Transition {
  readonly rule: CheckedRule;
  readonly isActive: boolean;
  readonly atMs: number;
  /** The last minute. */
  readonly minute: Minute;
}

export interface AlarmState {
  readonly sinceMs: number;
}

export type AlarmsJson = readonly (readonly [name: string, state: AlarmState])[];

export class Alarms {
  readonly rules: readonly CheckedRule[];
  readonly #active = new Map<string, AlarmState>();

  constructor(rules: readonly CheckedRule[]) {
    this.rules = rules;
  }

  /**
   * What starts and what ends at `nowMs`. Each once: what it returned is active, or no more.
   *
   * `minutes` are those with requests. `firstMs` is when the first push came: minutes before it say nothing.
   */
  evaluate(minutes: readonly Minute[], firstMs: number, nowMs: number): Transition[] {
    const read = readerOf(minutes, firstMs);
    const found: Transition[] = [];
    for (const rule of this.rules) {
      const isActive = this.#active.has(rule.name);
      const over = last(rule.minutes, nowMs).map((startMs) => isOver(rule, read(startMs)));
      const changes = over.every((value) => value === !isActive);
      if (!changes) continue;
      const startMs = last(1, nowMs)[0] as number;
      const minute = read(startMs) ?? emptyMinute(startMs);
      found.push({ rule, isActive: !isActive, atMs: nowMs, minute });
      if (isActive) this.#active.delete(rule.name);
      else this.#active.set(rule.name, { sinceMs: startMs - (rule.minutes - 1) * MINUTE_MS });
    }
    return found;
  }

  /** Whether silence may still begin, though nothing comes. */
  get awaitsSilence(): boolean {
    return this.rules.some(({ kind, name }) => kind === "silence" && !this.#active.has(name));
  }

  views(minutes: readonly Minute[], firstMs: number, nowMs: number): AlarmView[] {
    const read = readerOf(minutes, firstMs);
    return this.rules.map((rule) => {
      const { name, kind, threshold } = rule;
      const state = this.#active.get(name);
      const minute = read(last(1, nowMs)[0] as number);
      const value = minute === undefined ? null : figureOf(kind, minute);
      return { name, kind, active: state !== undefined, ...state, value, threshold };
    });
  }

  toJSON(): AlarmsJson {
    return [...this.#active];
  }

  /** Rules that are no more are forgotten. */
  restore(saved: AlarmsJson): void {
    const names = new Set(this.rules.map(({ name }) => name));
    for (const [name, state] of saved) if (names.has(name)) this.#active.set(name, state);
  }
}

/** Starts of the last `count` minutes that are over, newest first. */
function last(count: number, nowMs: number): number[] {
  const newest = Math.floor((nowMs - GRACE_MS) / MINUTE_MS - 1) * MINUTE_MS;
  return Array.from({ length: count }, (_, index) => newest - index * MINUTE_MS);
}

/** Undefined: before the first push. */
function readerOf(minutes: readonly Minute[], firstMs: number): (startMs: number) => Minute | undefined {
  const byStart = new Map(minutes.map((minute) => [minute.startMs, minute]));
  return (startMs) =>
    byStart.get(startMs) ?? (firstMs > 0 && startMs > firstMs ? emptyMinute(startMs) : undefined);
}

/** Undefined: the minute says nothing. */
function isOver({ kind, threshold }: CheckedRule, minute: Minute | undefined): boolean | undefined {
  const value = minute && figureOf(kind, minute);
  if (value === undefined || value === null) return undefined;
  return kind === "silence" ? value <= threshold : value >= threshold;
}

/** Percent, ms, or requests. */
export function figureOf(kind: CheckedRule["kind"], { count, errors, p95Ms }: Minute): number | null {
  if (kind === "silence") return count;
  if (kind === "p95") return p95Ms;
  return count === 0 ? null : Math.round((errors / count) * 10_000) / 100;
}

const emptyMinute = (startMs: number): Minute => ({
  ...{ startMs, count: 0, errors: 0 },
  ...{ p50Ms: null, p95Ms: null, p99Ms: null },
});
