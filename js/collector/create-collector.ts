import { systemHost } from "../runtime/system-host.ts";
import type { Collector } from "../types/collector.ts";
import type { CollectorOptions } from "../types/options.ts";
import { collectorOn } from "./collector.ts";
import type { OptionsSource } from "./options.ts";

/**
 * Makes a collector. It has no effects before the first event: it seeds nothing, arms no timer and sends nothing.
 *
 * Bad options throw a `TidegateError` with a stable code; its message names the option. Options may be a function of
 * the environment, which `configure(env)` calls. If that function fails the collector records nothing, and `error`
 * says why.
 *
 * @example
 * const tide = createCollector({ sinks: [ndjson({ url: "https://example.com/events" })] });
 */
export function createCollector<E = unknown>(
  options: CollectorOptions | ((env: E) => CollectorOptions),
): Collector {
  try {
    return collectorOn(systemHost(), options as OptionsSource);
  } catch (error) {
    // A stack has ten lines. Those inside of the package would fill them, and the caller's would not be shown.
    (Error as StackCapture).captureStackTrace?.(error, createCollector);
    throw error;
  }
}

/** V8 and JavaScriptCore have it. */
interface StackCapture {
  captureStackTrace?(error: unknown, above: unknown): void;
}
