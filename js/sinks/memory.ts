import type { MemorySink } from "../types.ts";
import { eventLines } from "./_lines.ts";

/** Options of `memorySink`. */
export interface MemorySinkOptions {
  /** Events kept, at least 1. Default 10000. Beyond it the oldest go. */
  readonly limit?: number;
}

/** Keeps what it is sent in `events`, oldest first: for tests and for looking at a running program. */
export function memorySink({ limit = 10_000 }: MemorySinkOptions = {}): MemorySink {
  const events: Record<string, unknown>[] = [];
  return {
    name: "memory",
    format: "ndjson",
    events,
    send(bytes) {
      for (const line of eventLines(bytes)) events.push(JSON.parse(line));
      if (events.length > limit) events.splice(0, events.length - limit);
    },
  };
}
