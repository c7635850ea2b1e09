import type { EventsSink } from "../types/sink.ts";

/** Writes each event as one line of JSON to the console, where a platform collects logs. */
export function consoleSink(): EventsSink {
  return {
    name: "console",
    format: "events",
    send(events) {
      for (const event of events) console.log(JSON.stringify(event));
    },
  };
}
