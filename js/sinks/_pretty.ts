/** Events as text for people: a line for each root, and below it what happened within it. */
import type { NdjsonEvent } from "../types/wire.ts";

interface Block {
  readonly text: string;
  readonly severity: string;
}

type Event = NdjsonEvent & {
  readonly severity?: string;
  readonly error_message?: string;
  readonly error_stack?: string;
};

/** Gives a text a color: by the number of its SGR parameter. */
type Paint = (color: number, text: string) => string;

const [RED, GREEN, YELLOW, CYAN, GRAY, BOLD] = [31, 32, 33, 36, 90, 1];
const ERRORS = ["error", "fatal"];
const DAY_MS = 86_400_000;
const SERVER_ERROR = 500;
const CLIENT_ERROR = 400;
/** Attributes whose content the line has already. */
const SHOWN = /^(http|server|rpc|exception)\./;

/** How severe the event is: an EVT says it, another event is an error or is not. */
export function severityOf(event: NdjsonEvent): string {
  const { severity, error, status = 0 } = event as Event & { readonly status?: number };
  return severity ?? (error !== undefined || status >= SERVER_ERROR ? "error" : "info");
}

/** A block for each event whose parent is not among `events`. */
export function prettyBlocks(events: readonly NdjsonEvent[], hasColors: boolean): Block[] {
  const paint: Paint = (color, text) =>
    hasColors && text !== "" ? `\u001b[${color}m${text}\u001b[0m` : text;
  const known = new Set(events.map(({ span_id }) => span_id));
  const childrenOf = new Map<string | undefined, Event[]>();
  for (const event of events as readonly Event[]) {
    const parent = known.has(event.parent_id ?? "") ? event.parent_id : undefined;
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), event]);
  }
  return inOrder(childrenOf.get(undefined)).map((root) => {
    const blocks = tree(root, "", childrenOf, paint);
    const severity = blocks.some(({ isError }) => isError) ? "error" : severityOf(root);
    const text = blocks.flatMap(({ lines }) => lines).join("\n");
    return { severity, text: `${paint(GRAY, timeOf(root.ts))} ${text}` };
  });
}

interface Part {
  readonly lines: readonly string[];
  readonly isError: boolean;
}

/** `indent`: what stands before the lines below the first. */
function tree(
  event: Event,
  indent: string,
  childrenOf: ReadonlyMap<string | undefined, Event[]>,
  paint: Paint,
): Part[] {
  const children = inOrder(childrenOf.get(event.span_id)).filter((child) => !isRepeated(child, event));
  const own = `${indent}${children.length > 0 ? "  │" : "   "} `;
  const details = detailsOf(event).map((line) => paint(GRAY, own) + paint(RED, line));
  const isError = ERRORS.includes(severityOf(event));
  const below = children.flatMap((child, at) => {
    const isLast = at === children.length - 1;
    const [head, ...rest] = tree(child, `${indent}  ${isLast ? " " : "│"}`, childrenOf, paint);
    const { lines = [], isError = false } = head ?? {};
    const [first = "", ...others] = lines;
    const branch = paint(GRAY, `${indent}  ${isLast ? "└─" : "├─"} `);
    return [{ lines: [branch + first, ...others], isError }, ...rest];
  });
  return [{ lines: [lineOf(event, paint), ...details], isError }, ...below];
}

/** An exception by which `parent` failed: its lines have it already. */
function isRepeated({ kind, attributes = {}, ...child }: Event, { error, error_message }: Event): boolean {
  if (kind !== "EVT" || (child as { readonly name?: string }).name !== "exception") return false;
  return attributes["exception.type"] === error && attributes["exception.message"] === error_message;
}

function lineOf(event: Event, paint: Paint): string {
  const { attributes = {}, error } = event;
  const status = "status" in event ? event.status : attributes["http.response.status_code"];
  const duration = event.dur_ms ?? (event as { readonly db_ms?: number }).db_ms;
  const more = Object.entries(attributes).filter(([key]) => !SHOWN.test(key));
  return [
    nameOf(event, paint),
    status === undefined ? "" : paint(colorOf(Number(status)), String(status)),
    paint(GRAY, duration === undefined ? "" : `in ${shortMs(duration)}`),
    "rows" in event ? paint(GRAY, event.rows === 1 ? "1 row" : `${event.rows} rows`) : "",
    error === String(status) ? "" : paint(RED, clean(error ?? "")),
    paint(GRAY, more.map(([key, value]) => `${clean(key)}=${clean(String(value))}`).join(" ")),
  ]
    .filter((part) => part !== "")
    .join(" ");
}

function nameOf(event: Event, paint: Paint): string {
  if (event.kind === "REQ") return `${paint(BOLD, clean(event.method ?? ""))} ${clean(event.route)}`;
  const name = event.kind === "FN" ? event.fn : event.kind === "DB" ? event.summary : event.name;
  return paint(event.kind === "DB" ? CYAN : BOLD, clean(name));
}

/** The message and the stack of an error. */
function detailsOf({ error_message, error_stack, attributes = {} }: Event): string[] {
  const message = error_message ?? attributes["exception.message"];
  const stack = error_stack ?? attributes["exception.stacktrace"];
  const texts = [message, stack].filter((text) => text !== undefined);
  return texts.flatMap((text) => String(text).split("\n")).map(clean);
}

function colorOf(status: number): number {
  if (status >= SERVER_ERROR) return RED;
  return status >= CLIENT_ERROR ? YELLOW : GREEN;
}

/** UTC, without the date. */
function timeOf(ms: number): string {
  const left = ms % DAY_MS;
  const pad = (value: number, digits = 2) => String(Math.trunc(value)).padStart(digits, "0");
  const [hours, minutes, seconds] = [left / 3_600_000, (left / 60_000) % 60, (left / 1000) % 60];
  return `${pad(hours)}:${pad(minutes)}:${pad(seconds)}.${pad(left % 1000, 3)}`;
}

function shortMs(ms: number): string {
  return ms >= 1000 ? `${(ms / 1000).toFixed(2)}s` : `${ms >= 10 ? Math.round(ms) : Number(ms.toFixed(1))}ms`;
}

function inOrder(events: readonly Event[] = []): Event[] {
  return [...events].sort((one, other) => one.ts - other.ts);
}

/** Without control characters, those of writing direction too: what a client sends must not steer a terminal. */
function clean(text: string): string {
  return text.replace(/[^ -~\u00a0-\u200d\u2010-\u2027\u2030-\u2065\u206a-\uffff]/g, " ");
}
