// A duration recorded under its route, and percentiles to be had of it: what statistics cost alone.
import sketches from "@datadog/sketches-js";
import {
  AggregationTemporality,
  AggregationType,
  MeterProvider,
  MetricReader,
} from "@opentelemetry/sdk-metrics";
import hdr from "hdr-histogram-js";
import prometheus from "prom-client";
import { StatsStore } from "tidegate/stats";

const nothing = () => {};
const noCheck = () => {};

/** The last 15 minutes by the minute; no other here has a window. */
export function tidegate() {
  const stats = new StatsStore();
  const now = Date.now();
  return {
    record: (route, _method, status, _startMs, durMs) => void stats.record(now, durMs, status >= 500, route),
    ship: nothing,
    check: (count) => {
      if (stats.snapshot(now).count !== count) throw new Error("not every duration was counted");
    },
  };
}

/** One of `make()` for each route. */
const each = (make, add) => () => {
  const found = new Map();
  return {
    record(route, _method, _status, _startMs, durMs) {
      let histogram = found.get(route);
      if (histogram === undefined) {
        histogram = make();
        found.set(route, histogram);
      }
      add(histogram, durMs);
    },
    ship: nothing,
    check: noCheck,
  };
};

export const hdrHistogram = each(
  () => hdr.build({ numberOfSignificantValueDigits: 2 }),
  // It takes whole numbers.
  (histogram, durMs) => histogram.recordValue(Math.round(durMs * 1000)),
);
export const ddSketch = each(
  () => new sketches.DDSketch({ relativeAccuracy: 0.01 }),
  (sketch, durMs) => sketch.accept(durMs),
);

export function promClient() {
  const name = "http_request_duration_seconds";
  const histogram = new prometheus.Histogram({ name, help: name, labelNames: ["route"], registers: [] });
  return {
    record: (route, _method, _status, _startMs, durMs) => histogram.observe({ route }, durMs / 1000),
    ship: nothing,
    check: noCheck,
  };
}

export function opentelemetry() {
  class Reader extends MetricReader {
    selectAggregation = () => ({ type: AggregationType.EXPONENTIAL_HISTOGRAM });
    selectAggregationTemporality = () => AggregationTemporality.DELTA;
    onForceFlush = async () => {};
    onShutdown = async () => {};
  }
  const readers = [
    new Reader({ aggregationSelector: () => ({ type: AggregationType.EXPONENTIAL_HISTOGRAM }) }),
  ];
  const histogram = new MeterProvider({ readers })
    .getMeter("bench")
    .createHistogram("http.server.request.duration");
  return {
    record: (route, _method, _status, _startMs, durMs) =>
      histogram.record(durMs / 1000, { "http.route": route }),
    ship: nothing,
    check: async (count) => {
      const { resourceMetrics } = await readers[0].collect();
      const [{ dataPoints }] = resourceMetrics.scopeMetrics[0].metrics;
      const seen = dataPoints.reduce((sum, { value }) => sum + value.count, 0);
      if (seen !== count || dataPoints[0].value.scale === undefined)
        throw new Error(`${seen} of ${count} durations`);
    },
  };
}
