/** The events of one request: from `tide.scope(request)`, or found through the runtime's context. */
import { DB, type Draft, EVT, entriesOf, FN, record, timed } from "./record.ts";
import type { RequestRecord } from "./runtime/link.ts";
import type { State } from "./state.ts";
import type { AttributeValue, Scope } from "./types.ts";

/** Attributes that one request may be given. */
const ATTRIBUTES_MAX = 64;

/** `current` finds the request anew for each event; none = the event stands alone. */
export function scopeOf(state: State, current: () => RequestRecord | undefined): Scope {
  const add = (draft: Draft, request = current()) => record(state, draft, request);
  const wrap = <T>(work: () => T, kind: 1 | 2, name: unknown, details: () => Partial<Draft>): T => {
    // Found before the work runs: afterwards the context may be another one.
    const request = current();
    return timed(
      work,
      () => state.now(),
      (start, error) => {
        const duration = measured(state.now() - start, request);
        add({ ...details(), kind, name, start, duration, error }, request);
      },
    );
  };
  return {
    route(template) {
      const request = current();
      if (request !== undefined && typeof template === "string") request.route = template;
    },
    set: (key, value) => setAttribute(current(), key, value),
    time: (name, work) => wrap(work, FN, name, () => ({})),
    query: (statement, work, details) => wrap(work, DB, statement, () => databaseOf(details)),
    fn: (name, start, duration, error) => add({ kind: FN, name, start, duration, error }),
    db: (name, start, duration, details) => {
      add({ ...databaseOf(details), kind: DB, name, start, duration });
    },
    evt: (name, attributes) => {
      add({ kind: EVT, name, start: state.now(), ...attributesOf(attributes) });
    },
  };
}

/** A clock that stood still measured nothing; one that stepped back measured nonsense. Both are unknown. */
export function measured(durationMs: number, request: RequestRecord | undefined): number | undefined {
  return durationMs < 0 || (durationMs === 0 && request?.frozenClock === true) ? undefined : durationMs;
}

function setAttribute(request: RequestRecord | undefined, key: string, value: AttributeValue): void {
  if (request === undefined || typeof key !== "string") return;
  const { attributes } = request;
  if (attributes.has(key) || attributes.size < ATTRIBUTES_MAX) attributes.set(key, value);
}

/** Getters of the user's may throw: then the details are left out, not the event. */
function databaseOf(details: unknown): Pick<Draft, "system" | "rows" | "error"> {
  try {
    const { system, rows, error } = (details ?? {}) as Record<string, unknown>;
    return { system, rows, error };
  } catch {
    return {};
  }
}

function attributesOf(attributes: unknown): Pick<Draft, "attributes"> {
  try {
    const entries = entriesOf(attributes);
    return entries === undefined ? {} : { attributes: entries };
  } catch {
    return {};
  }
}
