/** What a dashboard reads: of one process, or of a service by way of the hub. */
import type { Counters } from "./counters.ts";
import type { MetricSeries } from "./metrics.ts";
import type { RecentException, SeriesKey, Stats, Timeline } from "./stats.ts";

export type { SeriesKey };

/** Requests of one `service.version`. */
export interface VersionView {
  readonly version: string;
  readonly count: number;
  readonly errors: number;
  readonly errorPct: number;
  readonly rps: number;
  readonly p95Ms: number | null;
  /** When it was heard of last. */
  readonly lastMs: number;
}

/** The processes behind a view. */
export interface IsolatesView {
  /** Isolates heard of in the last minute. */
  readonly live: number;
  /** The largest difference between the clock of an isolate and that of the hub. */
  readonly maxSkewMs: number;
  /** Pushes that were refused because they came too late. */
  readonly late: number;
}

/** One alarm of the hub. */
export interface AlarmView {
  readonly name: string;
  readonly kind: "errors" | "p95" | "silence";
  readonly active: boolean;
  /** Since when it is active. */
  readonly sinceMs?: number;
  /** Of the last minute: percent, milliseconds, or requests for silence. `null`: there is nothing to compare. */
  readonly value: number | null;
  readonly threshold: number;
}

/** Everything at one moment. */
export interface View {
  readonly scope: "process" | "service";
  readonly service: { readonly name?: string; readonly version?: string };
  readonly nowMs: number;
  /** Age of the newest figures. */
  readonly staleMs: number;
  readonly stats: Stats;
  /** Slots of 15 s of all requests. */
  readonly timeline: Timeline;
  /** Slots of a minute, at most 1440. Only a hub keeps them. */
  readonly day?: Timeline;
  readonly metrics: readonly MetricSeries[];
  /** Of a hub: sums over its isolates, sinks by their name. */
  readonly counters: Counters;
  readonly exceptions: readonly RecentException[];
  readonly versions: readonly VersionView[];
  readonly isolates?: IsolatesView;
  readonly alarms?: readonly AlarmView[];
}

/** Where a dashboard reads. */
export interface ViewSource {
  view(): Promise<View>;
  /** Slots of 15 s of one series. */
  timeline(series: SeriesKey): Promise<Timeline>;
  /** Prometheus text, or OpenMetrics. */
  metricsText(openMetrics: boolean): Promise<string>;
}
