/** Events on their way into the engine. Values of any type may come: what cannot be used is counted as refused. */
import type { RequestRecord } from "./runtime/link.ts";
import { isThenable } from "./runtime/thenable.ts";
import type { State } from "./state.ts";
import type { Engine } from "./wasm/generated/tidegate.js";

export const REQ = 0;
export const FN = 1;
export const DB = 2;
export const EVT = 3;

/** A duration that makes its event unusable. */
const UNUSABLE = -1;

/** Longer texts are cut before they cross: the engine keeps less of them, and a huge one could exhaust it. */
const TEXT_MAX = 16_384;

/** An event before its values are checked. */
export interface Draft {
  readonly kind: 0 | 1 | 2 | 3;
  readonly name: unknown;
  readonly start: unknown;
  readonly duration?: unknown;
  readonly error?: unknown;
  /** REQ: the name is a raw path, shown as its template. */
  readonly isPath?: boolean;
  readonly method?: unknown;
  readonly status?: unknown;
  readonly system?: unknown;
  readonly rows?: unknown;
  readonly attributes?: readonly (readonly [string, unknown])[];
  readonly traceparent?: unknown;
  /** The `traceparent` of the event itself: what an outgoing call was sent with. */
  readonly span?: string | undefined;
}

/** The hot path: no object, at most one call (two where the user draws). `isPath`: `route` is a raw path. */
export function recordRequest(
  state: State,
  route: unknown,
  method: unknown,
  status: unknown,
  startMs: unknown,
  durationMs: unknown,
  error: unknown,
  isPath = false,
): void {
  const failed = error !== undefined && error !== null;
  if (!failed && state.buffer(route, method, status, startMs, durationMs, isPath)) return;
  const isValid = typeof route === "string" && typeof method === "string";
  const name = isValid ? text(route) : "";
  const verb = isValid ? text(method) : "";
  const type = failed ? errorType(error) : undefined;
  const nowMs = state.now();
  const flags = state.record((engine) => {
    if (state.settings?.rng !== undefined) supplyDraw(state, engine, name);
    if (type !== undefined) engine.setError(type);
    if (isPath) engine.setPath();
    return engine.recordRequest(
      name,
      verb,
      numeric(status),
      state.engineTime(nowMs),
      isValid ? numeric(startMs) : Number.NaN,
      durationOf(durationMs),
    );
  });
  if (flags === undefined) return;
  if (isValid) state.learnMethodId(verb, flags);
  state.after(flags, nowMs);
}

/** Everything else: within `request` if there is one, or as its end. */
export function record(state: State, draft: Draft, request?: RequestRecord, ends = false): void {
  const { kind } = draft;
  const name = nameOf(draft.name);
  const details = detailsOf(draft);
  const isValid = typeof draft.name === "string" && (kind !== REQ || typeof draft.method === "string");
  const startMs = isValid ? numeric(draft.start) : Number.NaN;
  const nowMs = state.now();
  const flags = state.record((engine) => {
    const token = request && tokenOf(state, engine, request);
    // What the user's own draw decides was decided when the request was opened.
    if (kind === REQ && token === undefined && state.settings?.rng !== undefined) {
      supplyDraw(state, engine, name);
    }
    setDetails(engine, details);
    const number = numeric(kind === REQ ? draft.status : draft.rows);
    const atMs = state.engineTime(nowMs);
    const durationMs = durationOf(draft.duration);
    return ends
      ? engine.endRequest(kind, name, number, atMs, startMs, durationMs, token ?? Number.NaN)
      : engine.record(kind, name, number, atMs, startMs, durationMs, token ?? Number.NaN);
  });
  if (flags !== undefined) state.after(flags, nowMs);
}

/** What an event may have beside its name and figures, checked. */
interface Details {
  readonly error: string | undefined;
  readonly source: string | undefined;
  readonly isPath: boolean;
  readonly parent: string | undefined;
  readonly span: string | undefined;
  readonly attributes: readonly (readonly [string, unknown])[];
}

function detailsOf({ kind, error, method, system, isPath, traceparent, span, attributes }: Draft): Details {
  return {
    error: error === undefined || error === null ? undefined : errorType(error),
    source: optional(kind === REQ ? method : system),
    isPath: kind === REQ && isPath === true,
    parent: optional(traceparent),
    span,
    attributes: attributes ?? [],
  };
}

function setDetails(engine: Engine, { error, source, isPath, parent, span, attributes }: Details): void {
  if (error !== undefined) engine.setError(error);
  if (source !== undefined) engine.setSource(source);
  if (isPath) engine.setPath();
  if (parent !== undefined) engine.setParent(parent);
  if (span !== undefined) engine.setSpan(span);
  for (const [key, value] of attributes) {
    if (typeof value === "string") engine.addText(text(key), text(value));
    else if (typeof value === "number") engine.addNumber(text(key), value);
    else if (typeof value === "boolean") engine.addFlag(text(key), value);
  }
}

/**
 * Opens a request in the engine, if that has not been done: what it was called when it came in decides.
 * Undefined: it was opened in another engine, where its token meant something.
 */
export function tokenOf(state: State, engine: Engine, request: RequestRecord): number | undefined {
  if (request.token === undefined) {
    const { method, head, traceparent } = request;
    const path = method === undefined ? undefined : text(head);
    if (state.settings?.rng !== undefined) supplyDraw(state, engine, path);
    const atMs = state.engineTime(state.now());
    request.token = engine.open(path, traceparent, atMs);
    request.generation = state.generation;
  }
  return request.generation === state.generation ? request.token : undefined;
}

/** Wraps a computation: records it as `draft` says and gives back, or throws on, what it does. */
export function timed<T>(
  work: () => T,
  now: () => number,
  done: (start: number, error: unknown, result?: unknown) => void,
): T {
  const start = now();
  let result: T;
  try {
    result = work();
  } catch (error) {
    done(start, error ?? "throw");
    throw error;
  }
  if (!isThenable(result)) {
    done(start, undefined, result);
    return result;
  }
  const watched = Promise.resolve(result).then(
    (value) => {
      done(start, undefined, value);
      return value;
    },
    (error: unknown) => {
      done(start, error ?? "throw");
      throw error;
    },
  );
  return watched as T;
}

/** The request's draw from the user's source. It is called only if the rate leaves something to draw; no path: the global one. */
export function supplyDraw(state: State, engine: Engine, path: string | undefined): void {
  const rate = engine.effectiveRate(path);
  if (!(rate > 0 && rate < 1)) return;
  let draw: unknown;
  try {
    draw = state.settings?.rng?.();
  } catch {
    // A source that fails must not stop telemetry, nor bias it.
  }
  engine.supplyDraw(typeof draw === "number" && draw >= 0 && draw < 1 ? draw : Math.random());
}

/** Own enumerable properties, read at once: a getter may run anything, and must not do so within a draft. */
export function entriesOf(attributes: unknown): (readonly [string, unknown])[] | undefined {
  return typeof attributes === "object" && attributes !== null ? Object.entries(attributes) : undefined;
}

/** The type of an error: its name, or the text given. */
export function errorType(error: unknown): string {
  if (typeof error === "string") return text(error) || "error";
  try {
    const name = (error as { name?: unknown }).name;
    return typeof name === "string" && name !== "" ? text(name) : "Error";
  } catch {
    return "Error";
  }
}

function nameOf(value: unknown): string {
  return optional(value) ?? "";
}

function optional(value: unknown): string | undefined {
  return typeof value === "string" ? text(value) : undefined;
}

function text(value: string): string {
  return value.length > TEXT_MAX ? value.slice(0, TEXT_MAX) : value;
}

function numeric(value: unknown): number {
  return typeof value === "number" ? value : Number.NaN;
}

/** Absent is unknown, which is NaN to the engine; so what is no duration has to be something else. */
function durationOf(value: unknown): number {
  if (value === undefined || value === null) return Number.NaN;
  return typeof value === "number" && value >= 0 ? value : UNUSABLE;
}
