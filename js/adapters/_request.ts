/** What adapters have in common: opening a request. */
import { type AdapterBridge, bridgeOf, type FlushContext, RequestRecord } from "../runtime/bridge.ts";
import { headerOf } from "../runtime/members.ts";
import { runningEnv, workersContext } from "../runtime/wait-until.ts";
import { addAttributes, type RequestOptions, routeOf } from "./_options.ts";
import { pathOf } from "./_route.ts";

/** The part of a `Request` that is read. Node's requests have their headers as properties. */
export interface RequestLike {
  readonly url: string;
  readonly method: string;
  readonly headers: object;
}

/** What a request is known by, beside its object. */
export interface Identity {
  /** A further object that may stand for it. */
  readonly other?: object | undefined;
  /** The object stands for several calls at once, as a WebSocket does. */
  readonly isShared?: boolean;
}

/**
 * Opens a request. Undefined: `tide` is no collector of this version, or telemetry failed. The request goes on. `other`
 * is a further object that may stand for it.
 */
export function begin(
  tide: object,
  request: RequestLike,
  env: unknown,
  options: RequestOptions | undefined,
  hasFrozenClock: boolean,
  context: FlushContext | undefined,
  other?: object,
): RequestRecord | undefined {
  const describe = (bridge: AdapterBridge) => {
    const { url, method, headers } = request;
    const opened = new RequestRecord(bridge, request, url, pathOf(url), method, hasFrozenClock);
    opened.route = routeOf(options, request);
    opened.traceparent = headerOf(headers, "traceparent");
    if (opened.traceparent !== undefined) opened.tracestate = headerOf(headers, "tracestate");
    return opened;
  };
  const record = openAs(tide, env, context, describe, { other });
  addAttributes(record, options, request, env);
  return record;
}

/**
 * As `begin`, for what is no `Request`. `env` undefined: the host gave none. A request that another adapter has
 * open is not opened again: its record is returned, and ends with the last of its adapters.
 */
export function openAs(
  tide: object,
  env: unknown,
  context: FlushContext | undefined,
  describe: (bridge: AdapterBridge) => RequestRecord,
  identity: Identity,
): RequestRecord | undefined {
  try {
    const bridge = bridgeOf(tide);
    if (bridge === undefined) return undefined;
    const found = env ?? runningEnv();
    if (found !== undefined) bridge.configure(found);
    // Only the entry of Workers can import it.
    const host = workersContext();
    if (host !== undefined) bridge.setWaitUntil(host);
    const record = describe(bridge);
    const open = identity.isShared === true ? undefined : bridge.join(record, identity.other);
    if (open === undefined) bridge.open(record, context, identity.other);
    return open ?? record;
  } catch {
    return undefined;
  }
}
