/** The methods that record within one request, for `tide` itself and for `tide.scope(request)`. */
import type { OpenSpan, Place, RequestRecord } from "../runtime/bridge.ts";
import { optionOf } from "../runtime/members.ts";
import type { AttributeInput, AttributeValue } from "../types/attributes.ts";
import type { Scope } from "../types/scope.ts";
import { boundedEntries, boundedEntry } from "./attributes.ts";
import { measuredBinding } from "./bindings/binding.ts";
import { bindingOptions, describeRpc, fetchOf, isFetch } from "./bindings/calls.ts";
import { measuredD1 } from "./bindings/d1.ts";
import type { BindingCall } from "./bindings/traced.ts";
import { recordException } from "./errors/exceptions.ts";
import { DB, EVT, FN, record, type UncheckedEvent } from "./events.ts";
import { abortedCall, answerOf, describeOutgoing, isOwnAbort, type KnownEvent } from "./outgoing.ts";
import type { RecordingHost } from "./recording-host.ts";
import { severityOf } from "./severity.ts";
import { innermost, traceparentOf } from "./spans.ts";
import { measured, timed } from "./timed.ts";
import { ATTRIBUTES_MAX, type Bounded, optionalText } from "./values.ts";

/** `current` finds the request anew for each event. Undefined: the event stands alone. */
export function scopeOf(host: RecordingHost, current: () => Place | undefined): Scope {
  const add = (event: UncheckedEvent, place = current()) => record(host, event, place);
  /**
   * Runs `work` and records it, with the details that `describe` finds in its result, and `explain` in its failure.
   * `unawaited`: as `timed` has it.
   */
  const wrap = <T>(
    work: Work<T>,
    known: KnownEvent,
    describe: (result: unknown) => object = nothing,
    explain: (error: unknown) => object = failed,
    unawaited?: Set<() => void>,
  ): T => {
    // Found before the work runs: afterwards the context may be another one.
    const outer = current();
    const { kind, span: traceparent } = { span: undefined, ...known };
    const span: OpenSpan = { outer, isQuery: kind === DB, traceparent, exception: undefined };
    const place: Place = { record: outer?.record, context: outer?.context, span };
    return timed(
      () => host.context.run(place, () => callWithin(host, work, place)),
      host.clock,
      (start, durationMs, thrown, result) => {
        const duration = measured(durationMs, outer?.record);
        const found = thrown === undefined ? detailsOf(describe, result) : explain(thrown);
        const details = { error: undefined, ...found };
        const error = details.error ?? span.exception;
        add({ start, duration, ...known, ...details, error, span: span.traceparent }, outer);
      },
      unawaited,
    );
  };
  const fetchBy = (send: typeof host.host.fetch, input: unknown, given: unknown, target?: string) => {
    const sent = describeOutgoing(host, current(), input, given, target);
    return wrap(
      () => send(sent.input, sent.init),
      sent.known,
      (response) => answerOf(response, sent.known),
      (error) => (isOwnAbort(sent) ? abortedCall(sent.known) : failed(error)),
    );
  };
  return {
    route(template) {
      const request = current()?.record;
      if (request !== undefined && typeof template === "string") request.route = template;
    },
    set: (key, value) => setAttribute(current()?.record, key, value),
    time: (name, work, options) => wrap(work, { kind: FN, name, ...attributesOf(options) }),
    query: (statement, work, details) =>
      wrap(
        work,
        { kind: DB, name: statement },
        () => databaseOf(details),
        (error) => ({ ...databaseOf(details), ...failed(error) }),
      ),
    fetch: (input: unknown, given?: unknown) => fetchBy(host.host.fetch, input, given),
    d1: (database) =>
      measuredD1(database as never, (statement, work, describe) =>
        wrap(work, { kind: DB, name: statement, system: "sqlite" }, describe),
      ) as never,
    binding(given, binding, options) {
      const name = optionalText(given) ?? "unknown";
      const { propagate, methods } = bindingOptions(options);
      const run = (made: BindingCall) => {
        if (isFetch(made)) return fetchBy(fetchOf(made), made.args[0], made.args[1], name);
        const place = current();
        const { work, known } = describeRpc(host, place, name, made, propagate);
        return wrap(work, known, nothing, failed, unawaitedOf(place?.record));
      };
      return measuredBinding(binding, run, methods);
    },
    fn: (name, start, duration, error) => add({ kind: FN, name, start, duration, error }),
    db: (name, start, duration, details) => {
      add({ ...databaseOf(details), kind: DB, name, start, duration });
    },
    evt: (name, attributes, options) => {
      const severity = severityOf(optionOf(options, "severity"));
      add({ kind: EVT, name, start: host.clock.now(), severity, ...boundedEntries(attributes) });
    },
    recordException: (error, options) => recordException(host, current(), error, options),
    get traceId() {
      return traceparentOf(host, current()).slice(3, 35);
    },
    get spanId() {
      return traceparentOf(host, current()).slice(36, 52);
    },
    get traceparent() {
      return traceparentOf(host, current());
    },
  } as Scope;
}

/** What is measured. It gets a scope if it declares an argument: a function with defaults runs as without measuring. */
type Work<T> = (inner: Scope) => T;

function callWithin<T>(host: RecordingHost, work: Work<T>, place: Place): T {
  const takesScope = typeof work === "function" && work.length > 0;
  return takesScope ? work(scopeOf(host, () => innermost(host, place))) : (work as () => T)();
}

const nothing = () => ({});
const failed = (error: unknown) => ({ error });

function attributesOf(options: unknown): Partial<Bounded> {
  return options === undefined ? {} : boundedEntries(optionOf(options, "attributes"));
}

/** At the end of `request` what is left there is recorded. */
function unawaitedOf(request: RequestRecord | undefined): Set<() => void> {
  if (request === undefined || request.isOver) return new Set();
  request.unawaited ??= new Set();
  return request.unawaited;
}

/** The result of a binding may have any shape. Details that cannot be read are left out. */
function detailsOf(describe: (result: unknown) => object, result: unknown): object {
  try {
    return describe(result);
  } catch {
    return {};
  }
}

/** Sets the attributes that a user gives as an object. */
export function setAttributes(request: RequestRecord, given: unknown): void {
  keepAttributes(request, boundedEntries(given));
}

function setAttribute(request: RequestRecord | undefined, key: string, given: AttributeInput): void {
  if (request !== undefined && typeof key === "string") keepAttributes(request, boundedEntry(key, given));
}

function keepAttributes(request: RequestRecord, given: Bounded): void {
  request.truncated += given.truncated;
  for (const [key, value] of given.attributes) {
    request.attributes ??= new Map();
    const { attributes } = request;
    const hasPlace = attributes.has(key) || attributes.size < ATTRIBUTES_MAX;
    if (hasPlace) attributes.set(key, value as AttributeValue);
    else request.truncated += 1;
  }
}

function databaseOf(details: unknown): Pick<UncheckedEvent, "system" | "rows" | "error"> {
  const [system, rows, error] = ["system", "rows", "error"].map((name) => optionOf(details, name));
  return { system, rows, error };
}
