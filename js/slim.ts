/**
 * The smaller package: bring your own module, `tidegate/slim.wasm` or its bytes. It has the collector with all its
 * laws, sampling by prefixes, statistics, NDJSON, and OTLP traces in protobuf. What it lacks it refuses when it is
 * asked for: `"re:"` rules with `config/sampling-rule`, other formats with `config/sink`; `metricsText()` says where
 * the metrics are.
 */
import { setModule } from "./wasm/instance.ts";

export { createCollector } from "./collector.ts";
export { TidegateError } from "./errors.ts";
export { consoleSink } from "./sinks/console.ts";
export { type MemorySinkOptions, memorySink } from "./sinks/memory.ts";
export { ndjson } from "./sinks/ndjson.ts";
export { otlp } from "./sinks/otlp.ts";
export type * from "./types.ts";

/**
 * Says which module to use: compiled, or its bytes. Call it before the first collector is made; only the first call
 * counts. Without it collectors record nothing, and their `error` has the code `wasm/blocked`.
 *
 * @example
 * import module from "tidegate/slim.wasm";
 * initWasm(module);
 */
export function initWasm(module: WebAssembly.Module | BufferSource): void {
  setModule(() => (module instanceof WebAssembly.Module ? module : new WebAssembly.Module(module)));
}
