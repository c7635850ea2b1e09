/** Reads values that others sent: of the wrong type they are absent, and too long texts are cut. */

export type Fields = Readonly<Record<string, unknown>> & Readonly<Partial<Record<Known, unknown>>>;

type Known =
  | ("v" | "isolate" | "seq" | "service" | "to" | "counters" | "exceptions" | "name" | "version")
  | ("metrics" | "refusedBy" | "sinks" | "dropped" | "disabled")
  | ("ts" | "type" | "message" | "stack" | "route" | "method" | "trace_id" | "handled")
  | ("resourceMetrics" | "scopeMetrics" | "unit" | "description" | "sum" | "gauge" | "exponentialHistogram")
  | ("dataPoints" | "aggregationTemporality" | "timeUnixNano" | "asDouble" | "asInt" | "attributes")
  | ("key" | "value" | "boolValue" | "stringValue" | "intValue" | "doubleValue")
  | "untimed"
  | ("scale" | "count" | "zeroCount" | "min" | "max" | "positive" | "negative" | "offset" | "bucketCounts");

export function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function text(value: unknown, most: number): string | undefined {
  return typeof value === "string" ? value.slice(0, most) : undefined;
}

/** A finite number; one of OTLP's 64-bit integers is a text. */
export function finite(value: unknown): number | undefined {
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

/** A count: 0 unless it is a number above. Sums of such counts stay finite. */
export function count(value: unknown): number {
  return Math.min(Math.max(0, finite(value) ?? 0), Number.MAX_SAFE_INTEGER);
}
