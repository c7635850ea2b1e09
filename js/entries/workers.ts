/** `tidegate/workers` on workerd. Never a named import: a workerd before 2025-08-08 has no `waitUntil` and would not start. */
import * as workers from "cloudflare:workers";
import { setWorkersModule } from "../runtime/wait-until.ts";

setWorkersModule(workers);

export * from "../adapters/workers.ts";
