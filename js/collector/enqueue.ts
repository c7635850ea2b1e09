import { EVT, type Kind, REQ, record, type UncheckedEvent } from "../recording/events.ts";
import { entriesOf } from "../recording/values.ts";
import { placeOf } from "./bridge.ts";
import type { State } from "./state.ts";

/** By their codes. */
const KINDS: readonly unknown[] = ["REQ", "FN", "DB", "EVT"];

/** An event without a name is refused, and counted. */
const UNUSABLE: UncheckedEvent = { kind: EVT, name: undefined, start: undefined };

/** Records an event given as an object. It may be of any type, with getters that throw. */
export function enqueue(state: State, event: unknown): void {
  try {
    const given = event as Record<string, unknown>;
    const { route, name, statement, method, status, durationMs, error, system, rows, traceparent } = given;
    const kind = KINDS.indexOf(given["kind"]) as Kind | -1;
    if (kind === -1) {
      record(state, UNUSABLE);
      return;
    }
    const attributes = entriesOf(given["attributes"]) ?? [];
    const start = given["startMs"] ?? (kind === EVT ? state.clock.now() : undefined);
    const details = { duration: durationMs, error, method, status, system, rows, traceparent, attributes };
    const place = kind === REQ || typeof traceparent === "string" ? undefined : placeOf(state);
    record(state, { ...details, kind, name: [route, name, statement, name][kind], start }, place);
  } catch {
    record(state, UNUSABLE);
  }
}
