/** Counters as rows of numbers, which add up. */
import type { Counters, DropReason, RefusalReason, SinkCounters } from "../../types/counters.ts";
import { count, fields, list, text } from "./reading.ts";

const TOTALS = [
  "emitted",
  "accepted",
  "sampledOut",
  "excluded",
  "refused",
  "pending",
  "coreResets",
  "truncated",
  "uncarried",
] as const;
const METRICS = ["observed", "overflowed", "refused"] as const;
const REFUSALS: readonly RefusalReason[] = [
  "closed",
  "unconfigured",
  "core",
  "entropy",
  "name",
  "status",
  "time",
  "request",
];
const OF_SINK = ["accepted", "delivered", "queued", "inFlight", "leasesExpired", "lateSettles"] as const;
const REASONS: readonly DropReason[] = [
  "overflow",
  "too_large",
  "rejected",
  "encode",
  "disabled",
  "closed",
  "core_reset",
];
const PARTS = { totals: TOTALS, metrics: METRICS, refusals: REFUSALS, sinks: OF_SINK, reasons: REASONS };

/** Of one isolate, or a sum of several. As JSON it is what it is. */
export interface Tally {
  readonly totals: number[];
  readonly metrics: number[];
  readonly refusals: number[];
  readonly sinks: SinkTally[];
}

/** Numbers, drops, and in how many isolates it is disabled. */
interface SinkTally {
  readonly name: string;
  readonly numbers: number[];
  readonly drops: number[];
  disabled: number;
}

const zeros = (of: keyof typeof PARTS): number[] => PARTS[of].map(() => 0);

export function emptyTally(): Tally {
  return { totals: zeros("totals"), metrics: zeros("metrics"), refusals: zeros("refusals"), sinks: [] };
}

const emptySink = (name: string): SinkTally => ({
  name,
  numbers: zeros("sinks"),
  drops: zeros("reasons"),
  disabled: 0,
});

/**
 * Counters that an isolate sent. Sinks of the same name are added up. `pushedBy`: which of its sinks sent them. That push was
 * in flight then, and is delivered now.
 */
export function tallyOf(sent: unknown, pushedBy?: number): Tally {
  const given = fields(sent);
  const [metrics, refusals] = [fields(given.metrics), fields(given.refusedBy)];
  const tally: Tally = {
    totals: TOTALS.map((name) => count(given[name])),
    metrics: METRICS.map((name) => count(metrics[name])),
    refusals: REFUSALS.map((name) => count(refusals[name])),
    sinks: [],
  };
  for (const [index, entry] of list(given.sinks).slice(0, SINKS_OF_ISOLATE).entries()) {
    const sink = fields(entry);
    const into = sinkOf(tally, text(sink.name, NAME_MAX) ?? "");
    const numbers = OF_SINK.map((name) => count(sink[name]));
    if (index === pushedBy) move(numbers, OF_SINK.indexOf("inFlight"), numbers, OF_SINK.indexOf("delivered"));
    const drops = fields(sink.dropped);
    addAll(into.numbers, numbers, 1);
    addAll(
      into.drops,
      REASONS.map((name) => count(drops[name])),
      1,
    );
    into.disabled += sink.disabled === true ? 1 : 0;
  }
  return tally;
}

/** Adds `other` to `tally`, or with `sign` -1 takes it away. */
export function addTally(tally: Tally, other: Tally, sign: 1 | -1 = 1): void {
  addAll(tally.totals, other.totals, sign);
  addAll(tally.metrics, other.metrics, sign);
  addAll(tally.refusals, other.refusals, sign);
  for (const sink of other.sinks) {
    const into = sinkOf(tally, sink.name);
    addAll(into.numbers, sink.numbers, sign);
    addAll(into.drops, sink.drops, sign);
    into.disabled += sign * sink.disabled;
  }
}

/**
 * What stays of an isolate that is gone. What it last said to be waiting counts as closed with it, so that the laws hold
 * and nothing waits for ever.
 */
export function retired(tally: Tally): Tally {
  const kept = structuredClone(tally);
  const pending = at(kept.totals, TOTALS.indexOf("pending"));
  move(kept.totals, TOTALS.indexOf("pending"), kept.totals, TOTALS.indexOf("refused"));
  kept.refusals[REFUSALS.indexOf("closed")] = at(kept.refusals, REFUSALS.indexOf("closed")) + pending;
  for (const sink of kept.sinks) {
    move(sink.numbers, OF_SINK.indexOf("queued"), sink.drops, REASONS.indexOf("closed"));
    move(sink.numbers, OF_SINK.indexOf("inFlight"), sink.drops, REASONS.indexOf("closed"));
    sink.disabled = 0;
  }
  return kept;
}

/** As the public type has it. A sink is disabled if it is in any isolate. */
export function countersOf(tally: Tally): Counters {
  const sinks = tally.sinks.map(({ name, numbers, drops, disabled }) => ({
    name,
    ...named(OF_SINK, numbers),
    dropped: named(REASONS, drops),
    disabled: disabled > 0,
  })) satisfies SinkCounters[];
  return {
    ...named(TOTALS, tally.totals),
    refusedBy: named(REFUSALS, tally.refusals),
    metrics: named(METRICS, tally.metrics),
    sinks,
  };
}

function named<K extends string>(names: readonly K[], numbers: readonly number[]): Record<K, number> {
  return Object.fromEntries(names.map((name, index) => [name, at(numbers, index)])) as Record<K, number>;
}

function sinkOf({ sinks }: Tally, wanted: string): SinkTally {
  const find = (name: string) => sinks.find((sink) => sink.name === name);
  const name = sinks.length < SINKS_MAX || find(wanted) ? wanted : OTHER;
  const known = find(name);
  if (known) return known;
  const made = emptySink(name);
  sinks.push(made);
  return made;
}

function addAll(into: number[], from: readonly number[], sign: 1 | -1): void {
  for (const [index, number] of into.entries()) into[index] = number + sign * at(from, index);
}

function move(from: number[], fromIndex: number, to: number[], toIndex: number): void {
  to[toIndex] = at(to, toIndex) + at(from, fromIndex);
  from[fromIndex] = 0;
}

const at = (numbers: readonly number[], index: number): number => numbers[index] ?? 0;

/** As many as a collector can have. */
const SINKS_OF_ISOLATE = 16;
/** Names of sinks in a sum; further ones are one row. */
const SINKS_MAX = 64;
const OTHER = "_OTHER";
const NAME_MAX = 64;
