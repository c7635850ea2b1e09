// OTLP as the official definitions read it: the receiver, the demo and the tests share this.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { opentelemetry } = require("@opentelemetry/otlp-transformer/build/src/generated/root.js");
const { trace, metrics, logs } = opentelemetry.proto.collector;

const requests = {
  traces: trace.v1.ExportTraceServiceRequest,
  metrics: metrics.v1.ExportMetricsServiceRequest,
  logs: logs.v1.ExportLogsServiceRequest,
};

/** How many payloads the official definitions have decoded in this process. */
export const decoded = { traces: 0, metrics: 0, logs: 0 };

/** The signal that a path ends with. */
export const signalOf = (path) => /\/v1\/(traces|metrics|logs)$/.exec(path)?.[1];

/**
 * An export request as a plain object: ids in hex, 64-bit numbers as strings, defaults filled in. Throws if the
 * bytes are not what the official definitions say.
 */
export function decodeExport(signal, contentType, bytes) {
  const type = requests[signal];
  const message = /json/.test(contentType) ? fromJson(type, bytes) : type.decode(bytes);
  const wrong = type.verify(message);
  if (wrong) throw new Error(`${signal}: ${wrong}`);
  decoded[signal] += 1;
  return plain(type.toObject(message, { longs: String, defaults: true }));
}

/** OTLP's JSON differs from protobuf's own mapping in one thing: ids are hex. Unknown keys must not go unseen. */
function fromJson(type, bytes) {
  const given = JSON.parse(Buffer.from(bytes).toString("utf8"), (key, value) =>
    /^(traceId|spanId|parentSpanId)$/.test(key) ? Buffer.from(value, "hex") : value,
  );
  const message = type.fromObject(given);
  const back = type.toObject(message, { longs: String });
  const known = new Set(leaves(back));
  const missing = [...leaves(given)].filter((path) => !known.has(path));
  if (missing.length > 0) throw new Error(`not in the definitions: ${[...new Set(missing)].join(", ")}`);
  return message;
}

function* leaves(value, path = "") {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) yield path;
  else for (const [key, inner] of Object.entries(value)) yield* leaves(inner, `${path}/${key}`);
}

function plain(value) {
  if (ArrayBuffer.isView(value)) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/** Key-value pairs as an object. */
export function attributesOf({ attributes = [] }) {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, scalarOf(value)]));
}

function scalarOf(value = {}) {
  if (value.intValue !== undefined) return Number(value.intValue);
  return value.stringValue ?? value.doubleValue ?? value.boolValue;
}

/** All spans of a request, or its log records or metrics. */
export function itemsOf(signal, request) {
  const [resources, scopes, items] = {
    traces: ["resourceSpans", "scopeSpans", "spans"],
    metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
    logs: ["resourceLogs", "scopeLogs", "logRecords"],
  }[signal];
  return (request[resources] ?? []).flatMap((resource) =>
    (resource[scopes] ?? []).flatMap((scope) => scope[items] ?? []),
  );
}

const kinds = { 1: "FN", 2: "REQ", 3: "DB" };

/** A span or log record as the event that it was: as much of it as a receiver compares. */
export function eventOf(item) {
  const attributes = attributesOf(item);
  const status = attributes["http.response.status_code"];
  const error = attributes["error.type"];
  return {
    kind: item.startTimeUnixNano === undefined ? "EVT" : kinds[item.kind],
    trace_id: item.traceId,
    span_id: item.spanId,
    ...(status === undefined ? {} : { status }),
    ...(error === undefined ? {} : { error }),
  };
}
