/** What adapters have in common: opening a request, running its handler, recording its end. */
import { type AdapterBridge, bridgeOf, type FlushContext, RequestRecord } from "../runtime/bridge.ts";
import { asThrown } from "../runtime/error-type.ts";
import { thenOf } from "../runtime/thenable.ts";
import { workersContext } from "../runtime/wait-until.ts";
import { pathOf, routeOf } from "./_route.ts";

/** The part of a `Request` that is read. */
export interface RequestLike {
  readonly url: string;
  readonly method: string;
  readonly headers: { get(name: string): string | null };
}

/** The status that a client sees when a handler throws. */
const UNCAUGHT_STATUS = 500;

/** What a request is known by, beside its object. */
export interface Identity {
  /** A further object that may stand for it. */
  readonly other?: object;
  /** The object stands for several calls at once, as a WebSocket does. */
  readonly isShared?: boolean;
}

/** Opens a request. Undefined: `tide` is no collector of this version, or telemetry failed. The request goes on. */
export function begin(
  tide: object,
  request: RequestLike,
  env: unknown,
  route: ((request: never) => string | undefined) | undefined,
  hasFrozenClock: boolean,
  context: FlushContext | undefined,
): RequestRecord | undefined {
  const describe = (bridge: AdapterBridge) => {
    const { url, method, headers } = request;
    const record = new RequestRecord(bridge, request, url, pathOf(url), method, hasFrozenClock);
    record.route = routeOf(route, request);
    record.traceparent = headers.get("traceparent") ?? undefined;
    if (record.traceparent !== undefined) record.tracestate = headers.get("tracestate") ?? undefined;
    return record;
  };
  return openAs(tide, env, context, describe);
}

/**
 * As `begin`, for what is no `Request`. `env` undefined: the host has none of its own. A request that another adapter has
 * open is not opened again: its record is returned, and ends with the last of its adapters.
 */
export function openAs(
  tide: object,
  env: unknown,
  context: FlushContext | undefined,
  describe: (bridge: AdapterBridge) => RequestRecord,
  identity: Identity = {},
): RequestRecord | undefined {
  try {
    const bridge = bridgeOf(tide);
    if (bridge === undefined) return undefined;
    if (env !== undefined) bridge.configure(env);
    // Only the entry of Workers can import it.
    const host = workersContext();
    if (host !== undefined) bridge.setWaitUntil(host);
    const record = describe(bridge);
    const open = identity.isShared === true ? undefined : bridge.join(record, identity.other);
    if (open === undefined) bridge.open(record, context);
    return open ?? record;
  } catch {
    return undefined;
  }
}

/** Runs the handler within its request, and records its end: the duration lasts until the headers. */
export function respond<T>(record: RequestRecord, call: () => T, context: FlushContext | undefined): T {
  let result: T;
  try {
    result = record.bridge.run(record, call);
  } catch (error) {
    endFailed(record, error, context);
    throw error;
  }
  // Not awaited if its `then` cannot be read: whoever awaits it meets that error, as without measuring.
  if (thenOf(result) === undefined) {
    endAnswered(record, result, context);
    return result;
  }
  // A thenable that is no promise may return nothing from `then`, or not allow a second call of it.
  const promise = Promise.resolve(result);
  // Not chained: the host gets the same promise, in the same turn as without measuring.
  promise.then(
    (response: unknown) => endAnswered(record, response, context),
    (error: unknown) => endFailed(record, error, context),
  );
  return promise as T;
}

/** Records the end of a request that was answered with `response`. */
export function endAnswered(
  record: RequestRecord,
  response: unknown,
  context: FlushContext | undefined,
): void {
  record.bridge.end(record, statusOf(response), undefined, context);
}

/** Records the end of a request whose handler threw. */
export function endFailed(record: RequestRecord, error: unknown, context: FlushContext | undefined): void {
  record.bridge.end(record, UNCAUGHT_STATUS, asThrown(error), context);
}

/** A handler may return anything, also an object whose getters throw. */
export function statusOf(response: unknown): number | undefined {
  try {
    const status = (response as { status?: unknown } | null | undefined)?.status;
    return typeof status === "number" ? status : undefined;
  } catch {
    return undefined;
  }
}
