import type { MemorySink, NdjsonEvent } from "../types.ts";

/** Options of `memorySink`. */
export interface MemorySinkOptions {
  /** Events kept, at least 1. Default 10000. Beyond it the oldest go. */
  readonly limit?: number;
}

/** Keeps what it is sent in `events`, oldest first: for tests and for looking at a running program. */
export function memorySink({ limit = 10_000 }: MemorySinkOptions = {}): MemorySink {
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
