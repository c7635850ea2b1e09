/** The events of one request: from `tide.scope(request)`, or found through the runtime's context. */
import { measuredD1 } from "./bindings/d1.ts";
import { describeCall, type OutgoingSpan, statusOf, withSpan } from "./bindings/fetch.ts";
import { measuredMethods } from "./bindings/methods.ts";
import { DB, type Draft, EVT, entriesOf, FN, record, timed, tokenOf } from "./record.ts";
import type { RequestRecord } from "./runtime/link.ts";
import type { State } from "./state.ts";
import type { AttributeValue, Scope } from "./types.ts";

/** Attributes that one request may be given. */
const ATTRIBUTES_MAX = 64;

/** `current` finds the request anew for each event; none = the event stands alone. */
export function scopeOf(state: State, current: () => RequestRecord | undefined): Scope {
  const add = (draft: Draft, request = current()) => record(state, draft, request);
  /** Runs `work` and records it with the details that `describe` finds in what it gives. */
  const wrap = <T>(work: () => T, known: Named, describe: (result: unknown) => object = nothing): T => {
    // Found before the work runs: afterwards the context may be another one.
    const request = current();
    return timed(
      work,
      () => state.now(),
      (start, error, result) => {
        const duration = measured(state.now() - start, request);
        add(
          { start, duration, error, ...known, ...(error === undefined ? detailsOf(describe, result) : {}) },
          request,
        );
      },
    );
  };
  const call = <T>(name: string, work: () => T) => wrap(work, { kind: FN, name });
  return {
    route(template) {
      const request = current();
      if (request !== undefined && typeof template === "string") request.route = template;
    },
    set: (key, value) => setAttribute(current(), key, value),
    time: call,
    query: (statement, work, details) => wrap(work, { kind: DB, name: statement }, () => databaseOf(details)),
    fetch: (input: unknown, init?: RequestInit) => {
      const { known, traced } = outgoing(state, current(), input, init);
      return wrap(
        () => state.port.fetch(input, traced),
        known,
        (response) => answerOf(response, known),
      );
    },
    d1: (database) =>
      measuredD1(database as never, (statement, work, rowsOf) =>
        wrap(work, { kind: DB, name: statement, system: "sqlite" }, (result) => ({ rows: rowsOf(result) })),
      ) as never,
    kv: (namespace) => measuredMethods("kv", namespace, KV, call),
    r2: (bucket) => measuredMethods("r2", bucket, R2, call),
    queue: (producer) => measuredMethods("queue", producer, QUEUE, call),
    fn: (name, start, duration, error) => add({ kind: FN, name, start, duration, error }),
    db: (name, start, duration, details) => {
      add({ ...databaseOf(details), kind: DB, name, start, duration });
    },
    evt: (name, attributes) => {
      add({ kind: EVT, name, start: state.now(), ...attributesOf(attributes) });
    },
  } as Scope;
}

/** What is to be recorded of a call, and the `init` that tells of it. */
function outgoing(
  state: State,
  request: RequestRecord | undefined,
  input: unknown,
  init: RequestInit | undefined,
): { readonly known: Named; readonly traced: RequestInit | undefined } {
  try {
    const known = { kind: FN, ...describeCall(input, init) } as const;
    const span = spanOf(state, request);
    const traced = span && withSpan(input, init, span);
    if (traced !== undefined) return { known: { ...known, span: span?.traceparent }, traced };
    return { known, traced: init };
  } catch {
    // It cannot be described: fetch itself will say what is wrong with it.
    return { known: { kind: FN, name: "fetch" }, traced: init };
  }
}

/** The span of a call about to be made; undefined: it is not to be told of. */
function spanOf(state: State, request: RequestRecord | undefined): OutgoingSpan | undefined {
  const { traceparent = "", tracestate } = request ?? {};
  const headers = state.call("", (engine) => {
    const token = request && tokenOf(state, engine, request);
    return engine.outgoing(token ?? Number.NaN, token === undefined ? undefined : tracestate);
  });
  if (headers === "") return undefined;
  const own = headers.slice(0, TRACEPARENT_LENGTH);
  // Vendors' state belongs to the trace that came in; if its header was invalid, this is another one.
  const continues = traceparent.trim().slice(3, 35) === own.slice(3, 35);
  return { traceparent: own, tracestate: (continues && headers.slice(TRACEPARENT_LENGTH + 1)) || undefined };
}

function answerOf(response: unknown, { attributes = [] }: Named): object {
  const status = statusOf(response);
  if (status === undefined) return {};
  const error = status >= CLIENT_ERROR ? String(status) : undefined;
  return { error, attributes: [...attributes, ["http.response.status_code", status]] };
}

/** What a binding gave may be of any shape: then its details are left out, not the event. */
function detailsOf(describe: (result: unknown) => object, result: unknown): object {
  try {
    return describe(result);
  } catch {
    return {};
  }
}

type Named = Pick<Draft, "kind" | "name" | "system" | "attributes" | "span">;

const KV = ["get", "getWithMetadata", "put", "delete", "list"];
const R2 = ["head", "get", "put", "delete", "list", "createMultipartUpload", "resumeMultipartUpload"];
const QUEUE = ["send", "sendBatch"];

const nothing = () => ({});
const TRACEPARENT_LENGTH = 55;
/** A call is an error of the caller's from here on. */
const CLIENT_ERROR = 400;

/** A clock that stood still measured nothing; one that stepped back measured nonsense. Both are unknown. */
export function measured(durationMs: number, request: RequestRecord | undefined): number | undefined {
  return durationMs < 0 || (durationMs === 0 && request?.frozenClock === true) ? undefined : durationMs;
}

function setAttribute(request: RequestRecord | undefined, key: string, value: AttributeValue): void {
  if (request === undefined || typeof key !== "string") return;
  request.attributes ??= new Map();
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
