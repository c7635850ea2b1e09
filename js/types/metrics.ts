import type { Attributes, AttributeValue } from "./attributes.ts";

/** What a metric measures. Of a name that has a metric already, they are ignored. */
export interface MetricOptions {
  /** UCUM: `"s"`, `"By"`, or in braces what is counted: `"{order}"`. At most 63 bytes. */
  readonly unit?: string;
  /** For people. At most 1023 bytes. */
  readonly description?: string;
}

/** A sum that only grows. */
export interface Counter {
  /** Adds `n`, a finite number ≥ 0. Any other is counted as refused. Never throws. */
  readonly add: (n: number, attributes?: Attributes) => void;
}

/** The last number. */
export interface Gauge {
  /** Sets it to `value`, a finite number. Any other is counted as refused. Never throws. */
  readonly record: (value: number, attributes?: Attributes) => void;
}

/** How often numbers of each size came. */
export interface Histogram {
  /** Counts `value`, a finite number. Any other is counted as refused. Never throws. */
  readonly record: (value: number, attributes?: Attributes) => void;
}

/** One attribute set of a metric, since the start of the engine. Sets beyond `metricSeries` are one: `otel.metric.overflow`. */
export type MetricSeries = MetricSum | MetricDistribution;

interface MetricBase {
  readonly name: string;
  /** `""`: it has none. */
  readonly unit: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** The sum of a counter, or the last number of a gauge. */
export interface MetricSum extends MetricBase {
  readonly kind: "counter" | "gauge";
  readonly value: number;
}

/** Of a histogram. Percentiles are within 1 %, or coarser where numbers spread more than 5.6-fold. */
export interface MetricDistribution extends MetricBase {
  readonly kind: "histogram";
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** Options of `metricsText`. */
export interface TextOptions {
  /**
   * OpenMetrics 1.0 instead of Prometheus text 0.0.4.
   *
   * @default false
   */
  readonly openMetrics?: boolean;
  /**
   * Add a label `instance` to each sample: the random id of this isolate.
   *
   * @default false
   */
  readonly perIsolate?: boolean;
}

/** `Request` as the host's types have it. */
export type HostRequest = typeof globalThis extends { Request: { prototype: infer R } } ? R : object;

/** `Response` as the host's types have it. */
export type HostResponse = typeof globalThis extends { Response: { prototype: infer R } } ? R : object;

/** Options of `metricsHandler`: without one of the first three every answer is 404. */
export interface MetricsHandlerOptions {
  /** Answers requests with `Authorization: Bearer <token>`. */
  readonly token?: string | undefined;
  /** Answers requests for which it returns, or resolves to, true. */
  readonly authorize?: ((request: HostRequest) => boolean | PromiseLike<boolean>) | undefined;
  /** Answers every request. */
  readonly public?: boolean;
  /**
   * Answer also on hosts of many isolates, of the one that is asked, with a label `instance`.
   *
   * @default false
   */
  readonly perIsolate?: boolean;
}
