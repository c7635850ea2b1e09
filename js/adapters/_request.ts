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
  let record: RequestRecord;
  try {
    const bridge = bridgeWith(tide, env);
    if (bridge === undefined) return undefined;
    const { url, method, headers } = request;
    record = new RequestRecord(bridge, request, url, pathOf(url), method, hasFrozenClock);
    record.route = routeOf(options, request);
    record.traceparent = headerOf(headers, "traceparent");
    if (record.traceparent !== undefined) record.tracestate = headerOf(headers, "tracestate");
    record = joinOrOpen(record, context, other, false);
  } catch {
    return undefined;
  }
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
    const bridge = bridgeWith(tide, env);
    return bridge && joinOrOpen(describe(bridge), context, identity.other, identity.isShared === true);
  } catch {
    return undefined;
  }
}

/** The bridge, which then knows what the host has given. */
function bridgeWith(tide: object, env: unknown): AdapterBridge | undefined {
  const bridge = bridgeOf(tide);
  if (bridge === undefined) return undefined;
  const found = env ?? runningEnv();
  if (found !== undefined) bridge.configure(found);
  // Only the entry of Workers can import it.
  const host = workersContext();
  if (host !== undefined) bridge.setWaitUntil(host);
  return bridge;
}

function joinOrOpen(
  record: RequestRecord,
  context: FlushContext | undefined,
  other: object | undefined,
  isShared: boolean,
): RequestRecord {
  const { bridge } = record;
  const open = isShared ? undefined : bridge.join(record, other);
  if (open === undefined) bridge.open(record, context, other);
  return open ?? record;
}
