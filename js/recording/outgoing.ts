/** Outgoing calls: the `traceparent` that they carry, and what is recorded of them. */
import type { Place } from "../runtime/bridge.ts";
import type { TraceHeaders } from "../runtime/rpc-trace.ts";
import { describeCall, readArguments, statusOf } from "./bindings/fetch.ts";
import { FN, type UncheckedEvent } from "./events.ts";
import type { RecordingHost } from "./recording-host.ts";
import { newSpan, TRACEPARENT_LENGTH } from "./spans.ts";
import type { Entries } from "./values.ts";

/** What is known of an event before its work runs. */
export type KnownEvent = Pick<
  UncheckedEvent,
  "kind" | "name" | "system" | "attributes" | "truncated" | "span"
>;

/** A longer `tracestate` is left out: a part of it would be another one. */
const TRACESTATE_MAX = 8192;
/** From this status on a call counts as an error. */
const CLIENT_ERROR = 400;

/** A call of `fetch`: what to call it with, and what is recorded of it. */
export interface Outgoing {
  readonly known: KnownEvent;
  readonly input: unknown;
  readonly init: unknown;
}

/**
 * Describes a call of `fetch`. What it is to be called with sends what the caller's arguments would, and the span.
 * `target`: the name of what is called, instead of its host.
 */
export function describeOutgoing(
  host: RecordingHost,
  place: Place | undefined,
  input: unknown,
  init: unknown,
  target?: string,
): Outgoing {
  let sent: Pick<Outgoing, "input" | "init"> = { input, init };
  let known: KnownEvent = { kind: FN, name: "fetch" };
  try {
    const read = readArguments(input, init);
    sent = read;
    known = { kind: FN, ...describeCall(read, target) };
    const span = spanOf(host, place);
    const traced = span && read.withSpan(span);
    if (traced === undefined) return { known, input: sent.input, init: sent.init };
    sent = traced;
    known = { ...known, span: span?.traceparent };
  } catch {
    // The arguments are invalid: `fetch` itself will throw.
  }
  return { known, input: sent.input, init: sent.init };
}

/** The span of a call that is about to be made. Undefined: it carries none, since its request is excluded. */
export function spanOf(host: RecordingHost, place: Place | undefined): TraceHeaders | undefined {
  const { traceparent = "", tracestate = "" } = place?.record ?? {};
  const passedOn = tracestate.length > TRACESTATE_MAX ? "" : tracestate;
  const headers = newSpan(host, place, passedOn);
  if (headers === "") return undefined;
  const own = headers.slice(0, TRACEPARENT_LENGTH);
  // The tracestate belongs to the trace that came in. An invalid header started another trace.
  const isSameTrace = traceparent.trim().slice(3, 35) === own.slice(3, 35);
  return {
    traceparent: own,
    tracestate: (isSameTrace && headers.slice(TRACEPARENT_LENGTH + 1)) || undefined,
  };
}

/** What a response adds to the event of its call. */
export function answerOf(
  response: unknown,
  { attributes = [] }: KnownEvent,
): { readonly error?: string | undefined; readonly attributes?: Entries } {
  const status = statusOf(response);
  if (status === undefined) return {};
  const error = status >= CLIENT_ERROR ? String(status) : undefined;
  return { error, attributes: [...attributes, ["http.response.status_code", status]] };
}

/**
 * Whether a call has failed since its own caller aborted it. One that took longer than its caller allows has not. The
 * error does not say so: it may be the caller's reason, and workerd throws a copy of that.
 */
export function isOwnAbort({ input, init }: Outgoing): boolean {
  try {
    const { signal = (input as Partial<Request>).signal } = (init ?? {}) as RequestInit;
    return signal?.aborted === true && signal.reason?.name !== "TimeoutError";
  } catch {
    return false;
  }
}

/** What is recorded of a call that its caller has aborted. */
export function abortedCall({ attributes = [] }: KnownEvent): Pick<UncheckedEvent, "attributes"> {
  return { attributes: [...attributes, ["aborted", true]] };
}
