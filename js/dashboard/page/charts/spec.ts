/** The charts of all requests, and of one series. */
import { count, digits, duration, percent, rate } from "../format.ts";
import type { Slot } from "../state.ts";
import type { Tone } from "./palette.ts";

export interface ChartLine {
  readonly label: string;
  readonly tone: Tone;
  readonly dash?: number[];
  valueOf(slot: Slot): number | null;
}

export interface ChartSpec {
  readonly title: string;
  readonly unit: string;
  readonly isFilled: boolean;
  readonly lines: readonly ChartLine[];
  /** The least top of the scale. */
  readonly least: number;
  /** A value with its unit. */
  readonly format: (value: number | null) => string;
  /** A number at the axis. */
  readonly axis: (value: number) => string;
  /** A column of the table beside those of the lines. */
  readonly counted: { readonly label: string; textOf(slot: Slot): string };
}

export const CHARTS: readonly ChartSpec[] = [
  {
    title: "Requests",
    unit: "per second",
    isFilled: true,
    lines: [{ label: "rate", tone: "requests", valueOf: ({ count: n, seconds }) => seconds && n / seconds }],
    least: 1,
    format: rate,
    axis: digits,
    counted: { label: "requests", textOf: (slot) => count(slot.count) },
  },
  {
    title: "Errors",
    unit: "% of requests",
    isFilled: true,
    lines: [
      {
        label: "share",
        tone: "errors",
        valueOf: ({ count: n, errors }) => (n === 0 ? null : (100 * errors) / n),
      },
    ],
    least: 1,
    format: percent,
    axis: (value) => `${digits(value)} %`,
    counted: { label: "errors", textOf: (slot) => count(slot.errors) },
  },
  {
    title: "Latency",
    unit: "percentiles",
    isFilled: false,
    lines: [
      { label: "p50", tone: "p50", valueOf: ({ p50Ms }) => p50Ms },
      { label: "p95", tone: "p95", valueOf: ({ p95Ms }) => p95Ms },
      { label: "p99", tone: "p99", dash: [4, 3], valueOf: ({ p99Ms }) => p99Ms },
    ],
    least: 1,
    format: duration,
    axis: duration,
    counted: { label: "requests", textOf: (slot) => count(slot.count) },
  },
];
