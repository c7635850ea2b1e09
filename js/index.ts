export { createCollector } from "./collector.ts";
export { TidegateError } from "./errors.ts";
export { consoleSink } from "./sinks/console.ts";
export { type MemorySinkOptions, memorySink } from "./sinks/memory.ts";
export { ndjson } from "./sinks/ndjson.ts";
export type * from "./types.ts";
