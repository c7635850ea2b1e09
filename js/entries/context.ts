import { AsyncLocalStorage } from "node:async_hooks";
import type { ContextStorage } from "../types/options.ts";

/**
 * An `AsyncLocalStorage` for the option `context`, from the first request on. Needed by Workers with the flag
 * `nodejs_als`, or with `nodejs_compat` and a compatibility date before 2024-09-23. Without such a flag a Worker that
 * imports `tidegate/context` does not start; with a later date a collector finds the class itself.
 *
 * @example
 * const tide = createCollector({ context: asyncContext(), sinks: [ndjson({ url })] });
 */
export function asyncContext(): ContextStorage {
  return new AsyncLocalStorage();
}
