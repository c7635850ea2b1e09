/** What adapters use of a collector. They are bundled apart from it, so they find this by a registered symbol. */
import type { AttributeValue } from "../types.ts";
import type { WaitUntil } from "./port.ts";

/** The version is part of the name: an adapter of another major release finds nothing and stays out of the way. */
export const LINK: unique symbol = Symbol.for("tidegate.link.0") as never;

/** A request on its way, as plain data: it may outlive its request without harm. One object, made by the adapter. */
export class RequestRecord {
  readonly link: Link;
  /** What `tide.scope` finds it by. */
  readonly request: object;
  /** As received; id-like segments are shown as `:id` while there is no route. */
  path: string;
  /** Undefined: no request but another handler of the host's, named by `path`. */
  readonly method: string | undefined;
  /** The host's clock may stand still between I/O: a measured 0 is unknown. */
  readonly frozenClock: boolean;
  route: string | undefined = undefined;
  /** Headers as they came, for calls that the request makes. */
  traceparent: string | undefined = undefined;
  /** Without a `traceparent` it means nothing. */
  tracestate: string | undefined = undefined;
  /** Undefined until there is one. */
  attributes: Map<string, AttributeValue> | undefined = undefined;
  /** What sampling rules match: its route if that was known when it came in, else its path. */
  head = "";
  /** NaN: it was not opened, for nothing can be recorded. */
  startMs: number = Number.NaN;
  isOver = false;
  /** Its number in the core; undefined: nothing has needed it to be open there. */
  token: number | undefined = undefined;
  /** Of the core that opened it: another core's tokens mean nothing. */
  generation = 0;

  constructor(link: Link, request: object, path: string, method: string | undefined, frozenClock: boolean) {
    this.link = link;
    this.request = request;
    this.path = path;
    this.method = method;
    this.frozenClock = frozenClock;
  }
}

/** Where flushing may go on after a handler, and how. */
export interface Context extends WaitUntil {
  /** It must come to rest soon: nothing pending outlasts `flushIntervalMs` and one send. */
  readonly isBrief?: boolean;
  /** All that waits is sent at once. */
  readonly isLast?: boolean;
}

/** None of these throws, except `run`: that passes on what the handler throws. */
export interface Link {
  configure(env: unknown): void;
  /** Starts its clock and makes it known, if anything can be recorded. */
  open(record: RequestRecord): void;
  run<T>(record: RequestRecord, work: () => T): T;
  /** The one that the running code belongs to, where the runtime can tell. */
  current(): RequestRecord | undefined;
  /** Records what was open; `status` is a request's alone. */
  end(record: RequestRecord, status: number | undefined, error: unknown, context: Context | undefined): void;
  /** In a page: whether it is going away, so that sends must start at once and outlive it. */
  leaving(now: boolean): void;
}

/** The collector's link; undefined if it is something else. */
export function linkOf(tide: object): Link | undefined {
  return (tide as { readonly [LINK]?: Link })[LINK];
}
