import type { MemorySink } from "../types/sink-options.ts";
import type { NdjsonEvent } from "../types/wire.ts";
import { copyOf } from "./_options.ts";

/** Options of `memorySink`. */
export interface MemorySinkOptions {
  /**
   * Events kept, at least 1. At the limit the oldest events are dropped.
   *
   * @default 10000
   */
  readonly limit?: number;
}

/** Keeps the events it is sent in `events`, oldest first: for tests, and for a look at a running program. */
export function memorySink(options: MemorySinkOptions = {}): MemorySink {
  const { limit = 10_000 } = copyOf("memorySink", options, ["limit"]);
  const events: NdjsonEvent[] = [];
  return {
    name: "memory",
    format: "events",
    events,
    send(batch) {
      events.push(...batch);
      if (events.length > limit) events.splice(0, events.length - limit);
    },
  };
}
