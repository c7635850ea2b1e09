/** Metrics of the program. */
import type { MetricSeries } from "../../../types/metrics.ts";
import { count, digits } from "../format.ts";
import type { Heads, Row } from "./rows.ts";

export const METRIC_HEADS: Heads = [
  ["metric", "name"],
  ["attributes", "attributes"],
  ["value", "number"],
  ["count", "number"],
  ["p50", "number"],
  ["p90", "number"],
  ["p99", "number"],
];

export const NO_METRICS =
  "No metrics of yours: tide.counter(name), tide.gauge(name) and tide.histogram(name) are shown here.";

export function metricRows(metrics: readonly MetricSeries[]): Row[] {
  return metrics.map((metric) => {
    const attributes = Object.entries(metric.attributes)
      .map(([key, value]) => `${key}=${value}`)
      .join(" ");
    const texts = [metric.name, attributes, ...valuesOf(metric)];
    return { key: JSON.stringify([metric.name, attributes]), cells: texts.map((text) => ({ text })) };
  });
}

function valuesOf(metric: MetricSeries): string[] {
  const unit = metric.unit.replaceAll(/[{}]/g, "");
  const withUnit = (n: number) => (unit === "" ? digits(n) : `${digits(n)}\u202f${unit}`);
  if (metric.kind !== "histogram") return [withUnit(metric.value), "", "", "", ""];
  const { count: n, sum, p50, p90, p99 } = metric;
  const mean = n === 0 ? "" : `⌀\u202f${withUnit(sum / n)}`;
  return [mean, count(n), ...[p50, p90, p99].map(withUnit)];
}
