/** The golden OTLP bytes, decoded by the official protobuf definitions, tell what the golden JSON tells. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

type Fields = Record<string, unknown>;

interface Message {
  decode(bytes: Uint8Array): object;
  toObject(message: object, options: object): Fields;
}

const { opentelemetry } = createRequire(import.meta.url)(
  "@opentelemetry/otlp-transformer/build/src/generated/root.js",
);
const { collector } = opentelemetry.proto;
const REQUESTS: Record<string, Message> = {
  traces: collector.trace.v1.ExportTraceServiceRequest,
  logs: collector.logs.v1.ExportLogsServiceRequest,
  metrics: collector.metrics.v1.ExportMetricsServiceRequest,
};

const FOLDER = new URL("../golden/", import.meta.url);

/** Ids as hex, as OTLP's JSON has them; empty lists are as good as none. */
function normal(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== "object" || value === null) return value;
  const pairs = Object.entries(value).filter(([, field]) => !Array.isArray(field) || field.length > 0);
  return Object.fromEntries(pairs.map(([key, field]) => [key, normal(field)]));
}

for (const file of readdirSync(FOLDER).filter((name) => name.includes("-protobuf."))) {
  test(`${file} is what the definitions say`, () => {
    const signal = /otlp-(\w+)-/.exec(file)?.[1] ?? "";
    const request = REQUESTS[signal];
    assert.ok(request, signal);
    const message = request.decode(readFileSync(new URL(file, FOLDER)));
    const decoded = request.toObject(message, { longs: String, enums: Number });
    const json = JSON.parse(readFileSync(new URL(file.replace("-protobuf", "-json"), FOLDER), "utf8"));
    assert.deepEqual(normal(decoded), normal(json));
  });
}
