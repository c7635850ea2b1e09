/** Events on their way into the engine. An event with unusable values is refused there, and counted. */
import type { Place, RequestRecord } from "../runtime/bridge.ts";
import { amountOf, numeric } from "../wasm/convert.ts";
import { SOURCE } from "../wasm/event-texts.ts";
import type { Engine } from "../wasm/generated/tidegate.js";
import { supplyDraw } from "./draw.ts";
import { describeError, setError } from "./errors/describe.ts";
import type { RecordingHost } from "./recording-host.ts";
import { redactEntries } from "./redact.ts";
import { hidesValues, parentOf } from "./spans.ts";
import { OVER, tokenOf } from "./token.ts";
import { type Entries, optionalText, text } from "./values.ts";

/** The codes that the engine takes. */
export const REQ = 0;
export const FN = 1;
export const DB = 2;
export const EVT = 3;

export type Kind = 0 | 1 | 2 | 3;

/** An event whose values are not checked yet. */
export interface UncheckedEvent {
  readonly kind: Kind;
  readonly name: unknown;
  readonly start: unknown;
  readonly duration?: unknown;
  readonly error?: unknown;
  /** Of a REQ: the name is a raw path, shown as its template. */
  readonly isPath?: boolean;
  /** Of a REQ. */
  readonly method?: unknown;
  /** Of a REQ. */
  readonly status?: unknown;
  /** Of a DB. */
  readonly system?: unknown;
  /** Of a DB. */
  readonly rows?: unknown;
  /** Of a DB. */
  readonly rowsRead?: unknown;
  /** Of a DB. */
  readonly rowsWritten?: unknown;
  /** Of a DB: how long the database itself took. */
  readonly databaseMs?: unknown;
  /** Of an EVT: the code of its severity. */
  readonly severity?: number | undefined;
  /** Of an exception: the program has dealt with it. */
  readonly isHandled?: boolean;
  readonly attributes?: Entries;
  /** Attributes that were left out. */
  readonly truncated?: number;
  readonly traceparent?: unknown;
  /** The `traceparent` of this event itself, which an outgoing call was sent with. */
  readonly span?: string | undefined;
}

/** All that an event may have: without a value of its own it would have that of `Object.prototype`. */
const DETAILS = {
  duration: undefined,
  error: undefined,
  isPath: undefined,
  method: undefined,
  status: undefined,
  system: undefined,
  rows: undefined,
  rowsRead: undefined,
  rowsWritten: undefined,
  databaseMs: undefined,
  severity: undefined,
  isHandled: undefined,
  attributes: undefined,
  truncated: undefined,
  traceparent: undefined,
  span: undefined,
};

/** What the engine takes of an event beside its details. */
type Arguments = [
  kind: Kind,
  name: string,
  number: number,
  atMs: number,
  startMs: number,
  durationMs: number,
];

/** Records any event. `place`: it belongs to the request there. */
export function record(host: RecordingHost, event: UncheckedEvent, place?: Place): void {
  const request = place?.record;
  const nowMs = host.clock.now();
  const flags = enter(host, event, nowMs, place, (engine, values, token) =>
    request?.isOver === true
      ? host.withAnswer(request, () => engine.record(...values, OVER, false))
      : engine.record(...values, token, false),
  );
  if (flags === undefined) return;
  host.afterEvent(flags, nowMs);
  host.afterWork(flags, nowMs, request && place);
}

/** Records the end of `request`. `isAlone`: the engine has not needed it to be open. */
export function recordEnd(
  host: RecordingHost,
  event: UncheckedEvent,
  request: RequestRecord,
  isAlone: boolean,
): void {
  const nowMs = host.clock.now();
  const place = isAlone ? undefined : { record: request, context: request.context, span: undefined };
  const flags = enter(host, event, nowMs, place, (engine, values, token) => {
    const answer = engine.record(...values, token, !isAlone);
    host.keepAnswer(request);
    return answer;
  });
  if (flags !== undefined) host.afterEvent(flags, nowMs);
}

/** Gives an event to the engine by `call`, whose token is that of the request at `place`; NaN: it has none. */
function enter(
  host: RecordingHost,
  given: UncheckedEvent,
  nowMs: number,
  place: Place | undefined,
  call: (engine: Engine, values: Arguments, token: number) => number,
): number | undefined {
  const event = { ...DETAILS, ...given } as UncheckedEvent;
  const { kind } = event;
  if (typeof event.name !== "string" || (kind === REQ && typeof event.method !== "string"))
    return refused(host, "name");
  if (kind === REQ && !isStatus(event.status)) return refused(host, "status");
  const name = text(event.name);
  // All values are read before the engine is called: a getter of the user's may record events itself.
  const setDetails = detailsOf(host, event, place);
  const startMs = numeric(event.start);
  const flags = host.record((engine) => {
    const token = place?.record && tokenOf(host, engine, place.record);
    // With a token the draw was made when the request was opened.
    if (kind === REQ && token === undefined) supplyDraw(host, engine, name);
    setDetails(engine);
    const number = kind === REQ ? numeric(event.status) : event.isHandled === true ? 1 : amountOf(event.rows);
    const atMs = host.clock.engineTime(nowMs);
    const values: Arguments = [kind, name, number, atMs, startMs, amountOf(event.duration)];
    return call(engine, values, token ?? Number.NaN);
  });
  // An exception is in the span of its request too.
  if (flags !== undefined && name !== "exception") host.checkCarried(kind);
  return flags;
}

function refused(host: RecordingHost, reason: "name" | "status"): undefined {
  host.refuse(reason);
}

/** Any number: one that is no status is unknown. Undefined and null are unknown too. */
export function isStatus(status: unknown): boolean {
  return status === undefined || status === null || typeof status === "number";
}

/** Reads and checks what an event has beside its name and figures. Returns a function that gives it to the engine. */
function detailsOf(
  host: RecordingHost,
  event: UncheckedEvent,
  place: Place | undefined,
): (engine: Engine) => void {
  const { kind, error, isPath, span, severity } = event;
  const details = describeError(host, error, kind === DB || hidesValues(place));
  const source = optionalText(kind === REQ ? event.method : event.system);
  const parent = optionalText(event.traceparent) ?? parentOf(host, place);
  const [attributes, failed] = redactEntries(host, event.attributes ?? []);
  const truncated = (event.truncated ?? 0) + failed;
  const figures: [number, number, number] = [
    amountOf(event.rowsRead),
    amountOf(event.rowsWritten),
    amountOf(event.databaseMs),
  ];
  return (engine) => {
    if (details !== undefined) setError(engine, details);
    if (severity !== undefined) engine.setSeverity(severity);
    if (event.isHandled !== undefined && place?.record?.isOver === true) setEnded(engine, place.record);
    if (source !== undefined) engine.setText(SOURCE, source);
    if (kind === REQ && isPath === true) engine.setPath();
    if (parent !== undefined || span) engine.setTrace(parent ?? "", span ?? "");
    addAttributes(engine, attributes, truncated);
    if (figures.some((figure) => !Number.isNaN(figure))) engine.setUsage(...figures);
  };
}

/** Sets the request of an exception. The engine knows the route of a request once that ends, and no longer. */
function setEnded(engine: Engine, { route, path, method }: RequestRecord): void {
  engine.setText(SOURCE, text(`${method ?? ""} ${route ?? path}`));
  if (route === undefined && method !== undefined) engine.setPath();
}

/** Adds the attributes of the next event, or of the series that is asked for next. */
export function addAttributes(engine: Engine, attributes: Entries, truncated: number): void {
  for (const [key, value] of attributes) {
    if (typeof value === "string") engine.addText(text(key), text(value));
    else if (typeof value === "number") engine.addNumber(text(key), value);
    else if (typeof value === "boolean") engine.addFlag(text(key), value);
  }
  if (truncated > 0) engine.addTruncated(truncated);
}
