/** Events on their way into the core. Values of any type may come: what cannot be used is counted as refused. */
import type { RequestRecord } from "./runtime/link.ts";
import type { State } from "./state.ts";
import type { Core } from "./wasm/handle.ts";

export const REQ = 0;
export const FN = 1;
export const DB = 2;
export const EVT = 3;

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
    if (sound && !failed) state.learn(core, name, text(method), isPath);
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
      supplyDraw(state, core, nameOf(draft));
    }
    describe(core, draft);
    const atMs = state.engineTime(nowMs);
    let flags: number;
    if (token === undefined) flags = core.commit(atMs);
    else if (ends) flags = core.end(atMs, token);
    else flags = core.commitIn(atMs, token);
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
    request.token = path === undefined ? core.openRoot(atMs) : core.open(atMs, path, traceparent);
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
  const rate = path === undefined ? core.number("sampling.rate") : core.effectiveRate(path);
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

function describe(core: Core, draft: Draft): void {
  const { kind, name, error, system, rows, traceparent, status } = draft;
  const sound = typeof name === "string" && (kind !== REQ || typeof draft.method === "string");
  core.begin(
    kind,
    nameOf(draft),
    sound ? numeric(draft.start) : Number.NaN,
    durationOf(draft.duration),
    error === undefined || error === null ? undefined : errorType(error),
  );
  if (kind === REQ) {
    core.request(
      nameOf({ name: draft.method }),
      typeof status === "number" ? status : undefined,
      draft.isPath ?? false,
    );
  }
  if (kind === DB) {
    core.database(
      typeof system === "string" ? text(system) : undefined,
      typeof rows === "number" ? rows : undefined,
    );
  }
  for (const [key, value] of draft.attributes ?? []) attribute(core, text(key), value);
  if (typeof traceparent === "string") core.parent(text(traceparent));
  if (draft.span !== undefined) core.span(draft.span);
}

function attribute(core: Core, key: string, value: unknown): void {
  if (typeof value === "string") core.text(key, text(value));
  else if (typeof value === "number") core.numeric(key, value);
  else if (typeof value === "boolean") core.flag(key, value);
}

function nameOf({ name }: { readonly name: unknown }): string {
  return typeof name === "string" ? text(name) : "";
}

function text(value: string): string {
  return value.length > TEXT_MAX ? value.slice(0, TEXT_MAX) : value;
}

function numeric(value: unknown): number {
  return typeof value === "number" ? value : Number.NaN;
}

/** Absent is unknown; anything else that is no number is unusable. */
function durationOf(value: unknown): number | undefined {
  return value === undefined || value === null ? undefined : numeric(value);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (typeof value === "object" || typeof value === "function") && value !== null && "then" in value
    ? typeof value.then === "function"
    : false;
}
