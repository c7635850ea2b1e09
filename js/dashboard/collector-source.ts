/** A collector as the source of a dashboard: one process, or one isolate of many. */
import { hostKind } from "../runtime/host-kind.ts";
import { systemHost } from "../runtime/system-host.ts";
import type { Collector } from "../types/collector.ts";
import { TidegateError } from "../types/error.ts";
import type { Stats } from "../types/stats.ts";
import type { VersionView, View, ViewSource } from "../types/view.ts";

/** Where a dashboard reads, and whether it may follow live: an open response would keep a hub awake. */
export interface Source extends ViewSource {
  readonly isLive: boolean;
  /** The figures are those of one isolate of many. */
  readonly isOneOfMany: boolean;
}

/** Throws TidegateError `config/type` if `given` is neither a collector nor a source of views. */
export function sourceOf(given: Collector | ViewSource): Source {
  if (hasMethods<Collector>(given, ["stats", "counters", "timeline"])) return collectorSource(given);
  if (hasMethods<ViewSource>(given, ["view", "timeline", "metricsText"])) {
    return {
      view: () => given.view(),
      timeline: (series) => given.timeline(series),
      metricsText: (openMetrics) => given.metricsText(openMetrics),
      isLive: false,
      isOneOfMany: false,
    };
  }
  throw new TidegateError("config/type", "dashboard: its source must be a collector or a source of views");
}

function hasMethods<T>(given: unknown, names: readonly (keyof T & string)[]): given is T {
  if (typeof given !== "object" || given === null) return false;
  return names.every((name) => typeof (given as Record<string, unknown>)[name] === "function");
}

function collectorSource(tide: Collector): Source {
  const kind = hostKind();
  const isOneOfMany = kind === "workers" || kind === "edge";
  return {
    view: async () => viewOf(tide, systemHost().now()),
    timeline: async (series) => tide.timeline(series),
    metricsText: async (openMetrics) => tide.metricsText({ openMetrics, perIsolate: isOneOfMany }),
    isLive: true,
    isOneOfMany,
  };
}

function viewOf(tide: Collector, nowMs: number): View {
  const [stats, service] = [tide.stats(), tide.service];
  return {
    scope: "process",
    service,
    nowMs,
    staleMs: 0,
    stats,
    timeline: tide.timeline(),
    metrics: tide.metrics(),
    counters: tide.counters(),
    exceptions: tide.exceptions(),
    versions: service.version === undefined ? [] : [versionOf(service.version, stats, nowMs)],
  };
}

function versionOf(version: string, stats: Stats, lastMs: number): VersionView {
  const { count, errors, errorPct, rps, p95Ms } = stats;
  return { version, count, errors, errorPct, rps, p95Ms, lastMs };
}
