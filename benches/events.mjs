/** What an event costs, by library. */
import { CASES, native } from "./native.mjs";
import { peer } from "./turns.mjs";

/** All samples take some 30 ms. The control is tidegate once more: how far apart the same thing lies. */
export const EVENTS = {
  "tidegate, NDJSON": peer("tidegate", "ndjson", 51_200),
  "tidegate, NDJSON (control)": peer("tidegate", "ndjson", 51_200),
  "tidegate, NDJSON, bytes kept": peer("tidegate", "ndjsonKept", 51_200),
  "tidegate, OTLP protobuf": peer("tidegate", "otlpProtobuf", 51_200),
  "tidegate, OTLP JSON": peer("tidegate", "otlpJson", 51_200),
  "tidegate, statistics alone": peer("tidegate", "statistics", 102_400),
  "array + JSON.stringify": peer("handwritten", "withIds", 12_800),
  "array + JSON.stringify, no ids": peer("handwritten", "withoutIds", 25_600),
  "OpenTelemetry, protobuf": peer("opentelemetry", "protobuf", 2_560),
  "OpenTelemetry, JSON": peer("opentelemetry", "json", 2_560),
  evlog: peer("evlog", "wideEvents", 5_120),
  Sentry: peer("sentry", "spans", 512),
  ...Object.fromEntries(CASES.map((name) => [`native Rust, ${name}`, native(name)])),
};

/** A duration recorded under its route, without an event. */
export const DURATIONS = {
  "tidegate/stats, a window of 15 minutes": peer("histograms", "tidegate", 102_400),
  "OpenTelemetry, exponential histogram": peer("histograms", "opentelemetry", 51_200),
  "prom-client, histogram": peer("histograms", "promClient", 51_200),
  "hdr-histogram-js, one a route": peer("histograms", "hdrHistogram", 204_800),
  "@datadog/sketches-js, one a route": peer("histograms", "ddSketch", 204_800),
};
