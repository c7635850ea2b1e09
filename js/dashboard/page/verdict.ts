/** The first sentence of the page: is all well, and what is not. */
import type { Timeline } from "../../types/stats.ts";
import type { AlarmView, View } from "../../types/view.ts";
import { count, digits, duration, percent, plural, span } from "./format.ts";
import { lostBy, type SinkChange } from "./history.ts";

/** `note`: it is over, or harms little. */
export type Level = "ok" | "note" | "warn" | "bad";

export interface Problem {
  readonly level: Level;
  /** A sentence. */
  readonly text: string;
}

export interface Verdict {
  readonly level: Level;
  readonly headline: string;
  /** Those that the headline does not say, the worst first. */
  readonly others: readonly Problem[];
}

/** Error shares that are worth a word. */
export const ERRORS_WARN_PCT = 1;
const ERRORS_BAD_PCT = 5;
/** A p95 is compared where there are so many requests on both sides, and by so much. */
const TREND_COUNT_MIN = 20;
const TREND_RATIO = 1.5;
const TREND_MS_MIN = 5;
/** The last two minutes, against those before. */
const RECENT_MS = 120_000;
/** A hub hears of each isolate every 5 s. */
const STALE_MS = 20_000;
/** A sink that delivers nothing for so long while events wait. */
const STUCK_MS = 20_000;

/** What alarms watch, and how it reads. */
const FIGURES: Record<AlarmView["kind"], readonly [what: string, text: (value: number | null) => string]> = {
  errors: ["errors", percent],
  p95: ["p95", duration],
  silence: ["requests a minute", (value) => count(value ?? 0)],
};

const ORDER: readonly Level[] = ["bad", "warn", "note", "ok"];

export function verdictOf(view: View, changes: readonly SinkChange[]): Verdict {
  const problems = [
    ...(view.alarms ?? []).filter(({ active }) => active).map((alarm) => alarmProblem(alarm, view.nowMs)),
    ...errorProblems(view),
    ...trendProblems(view.timeline),
    ...changes.flatMap(sinkProblems),
    ...stalenessProblems(view),
    ...engineProblems(view),
  ].sort((a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level));
  const [worst, ...others] = problems;
  if (worst === undefined || worst.level === "note") {
    return { level: "ok", headline: wellOf(view), others: problems };
  }
  return { level: worst.level, headline: worst.text, others };
}

function wellOf({ stats, counters }: View): string {
  if (stats.count > 0) return "All is well.";
  return counters.emitted > 0 ? "No requests in the last 15 minutes." : "No requests yet.";
}

function alarmProblem({ name, kind, value, threshold, sinceMs }: AlarmView, nowMs: number): Problem {
  const state = sinceMs === undefined ? "is on" : `has been on for ${span(nowMs - sinceMs)}`;
  const [what, text] = FIGURES[kind];
  return {
    level: "bad",
    text: `Alarm “${name}” ${state}: ${what} ${text(value)}, limit ${text(threshold)}.`,
  };
}

function errorProblems({ stats, alarms }: View): Problem[] {
  const isSaid = alarms?.some(({ active, kind }) => active && kind === "errors") === true;
  if (stats.errorPct < ERRORS_WARN_PCT || stats.count === 0 || isSaid) return [];
  const level = stats.errorPct >= ERRORS_BAD_PCT ? "bad" : "warn";
  return [{ level, text: `${percent(stats.errorPct)} of requests fail.` }];
}

function trendProblems(timeline: Timeline): Problem[] {
  const slots = timeline.count.length;
  const at = slots - RECENT_MS / timeline.stepMs;
  const [before, recent] = [meanP95(timeline, 0, at), meanP95(timeline, at, slots)];
  if (before === null || recent === null) return [];
  const ratio = recent / before;
  if (ratio < TREND_RATIO || recent - before < TREND_MS_MIN) return [];
  return [
    {
      level: "warn",
      text: `p95 is up: ${duration(recent)} in the last two minutes, ${digits(ratio)} times that of the window before.`,
    },
  ];
}

/** The p95 of each slot, weighed by its requests. */
function meanP95({ count, p95Ms }: Timeline, from: number, to: number): number | null {
  let [sum, weight] = [0, 0];
  for (let at = Math.max(from, 0); at < to; at += 1) {
    const [n, p95] = [count[at] ?? 0, p95Ms[at] ?? null];
    if (p95 === null) continue;
    sum += n * p95;
    weight += n;
  }
  return weight < TREND_COUNT_MIN ? null : sum / weight;
}

function sinkProblems({ sink, delivered, lost, overMs }: SinkChange): Problem[] {
  const { name, disabled, queued, inFlight } = sink;
  const waiting = queued + inFlight;
  const found: Problem[] = [];
  if (disabled) found.push({ level: "bad", text: `Sink “${name}” is disabled: it failed too often.` });
  else if (waiting > 0 && delivered === 0 && overMs >= STUCK_MS) {
    const text = `Sink “${name}” has delivered nothing for ${span(overMs)}; ${plural(waiting, "event waits", "events wait")}.`;
    found.push({ level: "warn", text });
  }
  const all = lostBy(sink);
  if (lost > 0) {
    found.push({
      level: "warn",
      text: `Sink “${name}” loses events: ${count(lost)} in the last ${span(overMs)}.`,
    });
  } else if (all > 0) {
    found.push({ level: "note", text: `Sink “${name}” lost ${plural(all, "event")} since the start.` });
  }
  return found;
}

function stalenessProblems({ staleMs, stats, isolates }: View): Problem[] {
  const found: Problem[] = [];
  if (staleMs > STALE_MS && stats.count > 0) {
    found.push({ level: "warn", text: `The newest figures are ${span(staleMs)} old.` });
  }
  if ((isolates?.late ?? 0) > 0) {
    found.push({
      level: "note",
      text: `${plural(isolates?.late ?? 0, "push", "pushes")} came too late to count.`,
    });
  }
  return found;
}

function engineProblems({ counters: { coreResets } }: View): Problem[] {
  if (coreResets === 0) return [];
  return [{ level: "note", text: `The engine was replaced ${plural(coreResets, "time")} after a failure.` }];
}
