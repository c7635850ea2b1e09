import { boundedEntries } from "../recording/attributes.ts";
import { EVT, type Kind, REQ, record, type UncheckedEvent } from "../recording/events.ts";
import { severityOf } from "../recording/severity.ts";
import { memberOf } from "../runtime/members.ts";
import { placeOf } from "./bridge.ts";
import type { State } from "./state.ts";

/** By their codes. */
const KINDS: readonly unknown[] = ["REQ", "FN", "DB", "EVT"];
/** What names an event, by the code of its kind. */
const NAMES: readonly string[] = ["route", "name", "statement", "name"];
const DETAILS = ["error", "method", "status", "system", "rows", "traceparent"] as const;

/** An event without a name is refused, and counted. */
const UNUSABLE: UncheckedEvent = { kind: EVT, name: undefined, start: undefined };

/** Records an event given as an object. It may be of any type, with getters that throw. */
export function enqueue(state: State, event: unknown): void {
  try {
    const kind = KINDS.indexOf(memberOf(event, "kind")) as Kind | -1;
    if (kind === -1) {
      record(state, UNUSABLE);
      return;
    }
    const details = Object.fromEntries(DETAILS.map((name) => [name, memberOf(event, name)]));
    const attributes = boundedEntries(memberOf(event, "attributes"));
    const start = memberOf(event, "startMs") ?? (kind === EVT ? state.clock.now() : undefined);
    const name = memberOf(event, NAMES[kind] as string);
    const duration = memberOf(event, "durationMs");
    const given = kind === EVT ? memberOf(event, "severity") : undefined;
    const severity = severityOf(given) ?? (details["error"] == null ? undefined : severityOf("error"));
    const isAlone = kind === REQ || typeof details["traceparent"] === "string";
    record(
      state,
      { ...details, ...attributes, kind, name, start, duration, severity },
      isAlone ? undefined : placeOf(state),
    );
  } catch {
    record(state, UNUSABLE);
  }
}
