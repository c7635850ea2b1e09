/** The bridge from adapters to a collector. They are bundled apart, so adapters find it by a registered symbol. */
import type { AttributeValue } from "../types/attributes.ts";
import type { Answered, RequestAnswers } from "../types/request-answers.ts";
import type { SendCount, Sender } from "./send-count.ts";
import type { WaitUntil } from "./wait-until.ts";

/** The name holds the version: an adapter of another major release finds no bridge and does nothing. */
export const BRIDGE: unique symbol = Symbol.for("tidegate.bridge.0") as never;

/** An open request as plain data, so that it may outlive its request. The adapter makes one object per request. */
export class RequestRecord implements Answered, Sender {
  readonly bridge: AdapterBridge;
  /**
   * What `tide.scope` finds it by. Only while it is open: the async store keeps a record for longer than its host would
   * keep the request.
   */
  request: object | undefined;
  /** As received. */
  readonly url: string;
  /** As received, without query. It names the request while there is no route; id-like segments are shown as `:id`. */
  path: string;
  /** Undefined: another handler than one for requests. `path` is its name. */
  readonly method: string | undefined;
  /** The host's clock stands still between I/O, so that a measured 0 means an unknown duration. */
  readonly hasFrozenClock: boolean;
  /** Scheme and authority, where the URL has none. */
  origin: string | undefined = undefined;
  route: string | undefined = undefined;
  /** The header as it came in, for calls that the request makes. */
  traceparent: string | undefined = undefined;
  /** The header as it came in. It means nothing without `traceparent`. */
  tracestate: string | undefined = undefined;
  /** Undefined until the first attribute is set. */
  attributes: Map<string, AttributeValue> | undefined = undefined;
  /** Attributes that were left out. */
  truncated = 0;
  /** What sampling rules match: the route if it was known at the start, else the path. */
  head = "";
  /** NaN: it was not opened, since nothing can be recorded. */
  startMs: number = Number.NaN;
  /** The start by the clock for durations. */
  preciseStartMs: number = Number.NaN;
  isOver = false;
  /** Code within it has run, and may be running. */
  hasRun = false;
  /** Adapters within each other measure it once: how many of them have not ended. */
  depth = 1;
  /** Nothing says when it was answered: its duration is unknown. */
  isUntimed = false;
  /** The error that the handler threw, or that an inner adapter saw. */
  error: unknown = undefined;
  /** The first exception that was recorded within it and not handled. */
  exception: unknown = undefined;
  /** Errors that were recorded as exceptions. */
  exceptions: WeakSet<object> | undefined = undefined;
  /** The `traceparent` of its own span. Empty: nothing has asked for it. */
  ownTraceparent = "";
  /** Where flushing may go on after it. Only while it is open: nothing keeps a context longer. */
  context: FlushContext | undefined = undefined;
  /** Record the calls that run, but that nobody has awaited by its end. Undefined: there are none. */
  unawaited: Set<() => void> | undefined = undefined;
  /** What became of it, after its end. Its late events are recorded by that. */
  answers: RequestAnswers | undefined = undefined;
  row = 0;
  /** Undefined: it has not led yet. */
  sent: SendCount | undefined = undefined;
  /** Its token in the engine. Undefined: nothing has needed it to be open there. */
  token: number | undefined = undefined;
  /** The generation of the engine that gave the token. Another engine's tokens mean nothing. */
  generation = 0;

  constructor(
    bridge: AdapterBridge,
    request: object,
    url: string,
    path: string,
    method: string | undefined,
    hasFrozenClock: boolean,
  ) {
    this.bridge = bridge;
    this.request = request;
    this.url = url;
    this.path = path;
    this.method = method;
    this.hasFrozenClock = hasFrozenClock;
  }
}

/** Where flushing may go on after a handler, and how. */
export interface FlushContext extends WaitUntil {
  /** It must end soon: nothing pending outlasts `flushIntervalMs` and one send. */
  readonly isBrief?: boolean;
  /** It is the last chance: send at once all that waits. */
  readonly isLast?: boolean;
}

/**
 * A request, and where the code that runs in it may send. The async store and each scope have one of their own, so that
 * no collector holds a context.
 */
export interface Place {
  /** Undefined: outside of any request. */
  readonly record: RequestRecord | undefined;
  readonly context: FlushContext | undefined;
  /** The innermost span that is measured. Undefined: that of the request. */
  readonly span: OpenSpan | undefined;
}

/** Work that is being measured. */
export interface OpenSpan {
  /** Where it was begun. */
  readonly outer: Place | undefined;
  readonly isQuery: boolean;
  /** Its own. Undefined: nothing has needed it. */
  traceparent: string | undefined;
  /** The first exception that was recorded within it and not handled. */
  exception: unknown;
}

/** What adapters use of a collector. Nothing here throws, except that `run` throws what the handler throws. */
export interface AdapterBridge {
  configure(env: unknown): void;
  /**
   * Sets the start of `record` and makes it known, if anything can be recorded. `context`: where it may flush. `other`: a
   * further object that stands for it.
   */
  open(record: RequestRecord, context: FlushContext | undefined, other?: object): void;
  /**
   * The open request that `record` is another view of, as an adapter within another one has it: the same object, or (in
   * the context of that request) the same method and URL. `other` is a further object that may stand for it.
   */
  join(record: RequestRecord, other: object | undefined): RequestRecord | undefined;
  /** The newest request that `object` stands for. */
  find(object: object): RequestRecord | undefined;
  /** Adds what a user has given as attributes. */
  setAttributes(record: RequestRecord, attributes: unknown): void;
  run<T>(record: RequestRecord, work: () => T): T;
  /** The request that the running code belongs to, where the runtime can tell. */
  current(): RequestRecord | undefined;
  /** Records the end of `record`, with the last of its adapters. Only a request has a `status`. */
  end(
    record: RequestRecord,
    status: number | undefined,
    error: unknown,
    context: FlushContext | undefined,
  ): void;
  /** The host's own `waitUntil`, which applies to whatever request is running. It is no context of one. */
  setWaitUntil(waitUntil: WaitUntil): void;
  /** Says once that what an adapter was called with is measured by nobody. */
  warnUnmeasured(adapter: string): void;
  /** In a page: whether it is going away, so that sends must start at once and outlive it. */
  setLeaving(isLeaving: boolean): void;
  /** Somebody reads the totals of requests: all are counted from now on. */
  countRequests(): void;
}

/** The bridge of a collector; undefined if `tide` is something else. */
export function bridgeOf(tide: object): AdapterBridge | undefined {
  return (tide as { readonly [BRIDGE]?: AdapterBridge })[BRIDGE];
}
