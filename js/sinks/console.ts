import type { Sink } from "../types.ts";
import { eventLines } from "./_lines.ts";

/** Writes each event as one line of JSON to the console: where a platform collects logs, that is a pipeline. */
export function consoleSink(): Sink {
  return {
    name: "console",
    format: "ndjson",
    send(bytes) {
      for (const line of eventLines(bytes)) console.log(line);
    },
  };
}
