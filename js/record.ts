/** Events on their way into the core. Values of any type may come: what cannot be used is counted as refused. */
import type { RequestRecord } from "./runtime/link.ts";
import { isThenable } from "./runtime/thenable.ts";
import type { State } from "./state.ts";
import type { Core } from "./wasm/core.ts";
import type { Value } from "./wasm/desk.ts";

export const REQ = 0;
export const FN = 1;
export const DB = 2;
export const EVT = 3;

/** What the core is told of an event beside its kind. */
const IS_PATH = 4;
const ENDS = 8;

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
  /** The `traceparent` that the event was told of by. */
  readonly span?: string | undefined;
}

/** The hot path: no object, one crossing (two where the user draws). `isPath`: `route` is a raw path. */
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
  if (!failed && state.stage(route, method, status, startMs, durationMs, isPath)) return;
  const core = state.core();
  if (core === undefined) {
    state.refused += 1;
    return;
  }
  const nowMs = state.now();
  const sound = typeof route === "string" && typeof method === "string";
  const name = sound ? text(route) : "";
  try {
    if (state.settings?.rng !== undefined) supplyDraw(state, core, name);
    const flags = core.req(
      state.engineTime(nowMs),
      name,
      sound ? text(method) : "",
      numeric(status),
      sound ? numeric(startMs) : Number.NaN,
      durationOf(durationMs),
      failed ? errorType(error) : undefined,
      isPath,
    );
    if (sound) state.learn(text(method), flags);
    state.after(flags, nowMs);
  } catch (cause) {
    state.trapped(cause);
  }
}

/** Everything else: within `request` if there is one, or as its end. */
export function record(state: State, draft: Draft, request?: RequestRecord, ends = false): void {
  const core = state.core();
  if (core === undefined) {
    state.refused += 1;
    return;
  }
  const nowMs = state.now();
  try {
    const { kind } = draft;
    const token = request && tokenOf(state, core, request);
    // What the user's own draw decides was decided when the request was opened.
    if (kind === REQ && token === undefined && state.settings?.rng !== undefined) {
      supplyDraw(state, core, nameOf(draft.name));
    }
    const { name, error, method, traceparent, span } = draft;
    const sound = typeof name === "string" && (kind !== REQ || typeof method === "string");
    const isRequest = kind === REQ;
    const values: Value[] = [
      nameOf(name),
      error === undefined || error === null ? undefined : errorType(error),
      isRequest ? nameOf(method) : optional(draft.system),
      optional(traceparent),
      span,
    ];
    for (const [key, value] of draft.attributes ?? []) {
      if (typeof value === "string") values.push(text(key), text(value));
      else if (typeof value === "number" || typeof value === "boolean") values.push(text(key), value);
    }
    values.push(undefined);
    const flags = core.event(
      kind | (isRequest && draft.isPath === true ? IS_PATH : 0) | (ends ? ENDS : 0),
      state.engineTime(nowMs),
      token ?? Number.NaN,
      sound ? numeric(draft.start) : Number.NaN,
      durationOf(draft.duration),
      numeric(isRequest ? draft.status : draft.rows),
      values,
    );
    state.after(flags, nowMs);
  } catch (cause) {
    state.trapped(cause);
  }
}

/**
 * Opens a request in the core, if that has not been done: what it was called when it came in decides.
 * Undefined: it was opened in another core, where its token meant something.
 */
export function tokenOf(state: State, core: Core, request: RequestRecord): number | undefined {
  if (request.token === undefined) {
    const { method, head, traceparent } = request;
    const path = method === undefined ? undefined : text(head);
    if (state.settings?.rng !== undefined) supplyDraw(state, core, path);
    const atMs = state.engineTime(state.now());
    request.token = core.open(atMs, path, traceparent);
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
export function supplyDraw(state: State, core: Core, path: string | undefined): void {
  const rate = core.rate(path);
  if (!(rate > 0 && rate < 1)) return;
  let draw: unknown;
  try {
    draw = state.settings?.rng?.();
  } catch {
    // A source that fails must not stop telemetry, nor bias it.
  }
  core.supplyDraw(typeof draw === "number" && draw >= 0 && draw < 1 ? draw : Math.random());
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

/** Absent is unknown, which is NaN to the core; so what is no duration has to be something else. */
function durationOf(value: unknown): number {
  if (value === undefined || value === null) return Number.NaN;
  return typeof value === "number" && value >= 0 ? value : UNUSABLE;
}
