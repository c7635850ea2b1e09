export { createCollector } from "./collector/create-collector.ts";
export { type AnalyticsEngineOptions, analyticsEngine } from "./sinks/analytics-engine.ts";
export { type ConsoleSinkOptions, consoleSink } from "./sinks/console.ts";
export { type MemorySinkOptions, memorySink } from "./sinks/memory.ts";
export { ndjson } from "./sinks/ndjson.ts";
export { otlp } from "./sinks/otlp.ts";
export { type QueueSinkOptions, queueSink } from "./sinks/queue.ts";
export { TidegateError } from "./types/error.ts";
export type * from "./types/index.ts";
