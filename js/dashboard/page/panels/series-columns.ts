/** What the tables of series show. */
import type { SeriesStats } from "../../../types/stats.ts";
import { count, duration, NONE, percent, rate } from "../format.ts";

export type Kind = "REQ" | "FN" | "DB";

export interface Column {
  readonly label: string;
  readonly about: string;
  /** What rows are sorted by. */
  valueOf(row: SeriesStats): number;
  textOf(row: SeriesStats): string;
}

export interface Tab {
  readonly kind: Kind;
  readonly label: string;
  readonly empty: string;
  readonly columns: readonly Column[];
}

const totalMs = ({ count: n, meanMs }: SeriesStats) => n * (meanMs ?? 0);
const known = (n: number | null | undefined) => n ?? -1;
const rows = (n: number | undefined) => (n === undefined ? NONE : count(n));

const COUNT = column("count", "How often in 15 minutes", ({ count: n }) => n, count);
const RATE = column("rate", "Per second", ({ rps }) => rps, rate);
const ERRORS = column("errors", "Share that failed", ({ errorPct }) => errorPct, percent);
const P50 = column("p50", "Half took at most this", ({ p50Ms }) => known(p50Ms), time);
const P95 = column("p95", "95 of 100 took at most this", ({ p95Ms }) => known(p95Ms), time);
const P99 = column("p99", "99 of 100 took at most this", ({ p99Ms }) => known(p99Ms), time);
const TOTAL = column("total time", "Count times mean: where the time goes", totalMs, duration);
const READ: Column = {
  label: "rows read",
  about: "Rows that the database read, where the driver says so",
  valueOf: ({ rowsRead }) => known(rowsRead),
  textOf: ({ rowsRead }) => rows(rowsRead),
};
const WRITTEN: Column = {
  label: "written",
  about: "Rows that the database wrote, where the driver says so",
  valueOf: ({ rowsWritten }) => known(rowsWritten),
  textOf: ({ rowsWritten }) => rows(rowsWritten),
};

export const TABS: readonly Tab[] = [
  {
    kind: "REQ",
    label: "Routes",
    empty: "No requests yet: each route has a row from its first request on.",
    columns: [COUNT, RATE, ERRORS, P50, P95, P99, TOTAL],
  },
  {
    kind: "FN",
    label: "Functions",
    empty: "No functions yet: what runs within tide.time(name, work) has a row here.",
    columns: [COUNT, RATE, ERRORS, P50, P95, P99, TOTAL],
  },
  {
    kind: "DB",
    label: "Statements",
    empty:
      "No statements yet: tide.d1(db) and tide.query(sql, work) have a row here for each kind of statement.",
    columns: [COUNT, RATE, ERRORS, P50, P95, TOTAL, READ, WRITTEN],
  },
];

/** The row of all that has no row of its own stands with the routes. */
export const tabOf = (kind: SeriesStats["kind"]): Kind => (kind === "_OTHER" ? "REQ" : kind);

export const nameOf = ({ kind, name }: { kind: string; name: string }): string =>
  kind === "_OTHER" ? "all others, which found no row" : name;

function column(
  label: string,
  about: string,
  value: (row: SeriesStats) => number,
  format: (value: number) => string,
): Column {
  return { label, about, valueOf: value, textOf: (row) => format(value(row)) };
}

function time(ms: number): string {
  return duration(ms < 0 ? null : ms);
}
