/** Node's own listeners, Express and Connect: what they know of a request. */
import type { RequestRecord } from "../../runtime/bridge.ts";
import type { Collector } from "../../types/collector.ts";
import { nameRoute } from "../_route.ts";
import { keepContext } from "./_context.ts";
import type { NodeOptions, NodeRequest, NodeResponse } from "./_types.ts";
import { type Watched, watch } from "./_watch.ts";

/** A WebSocket of express-ws: its middleware runs after the upgrade, with a response that is never sent. */
interface WebSocketRequest {
  readonly ws?: { on?(event: "close", listener: () => void): unknown } | null;
  /** A handler has it. */
  readonly wsHandled?: boolean;
}

const SWITCHING_PROTOCOLS = 101;
/** What express-ws appends to the paths of WebSockets. */
const SUFFIX = /\/\.websocket(?=\?|$)/;

export function watchExpress(
  tide: Collector,
  request: NodeRequest,
  response: NodeResponse,
  options: NodeOptions | undefined,
  answersErrors: boolean,
): Watched | undefined {
  const { ws } = request as WebSocketRequest;
  const isSocket = typeof ws?.on === "function";
  const received = request.originalUrl ?? request.url;
  const url = isSocket ? received?.replace(SUFFIX, "") || "/" : received;
  const templateOf = watchRoute(request);
  const describe = (record: RequestRecord) => nameExpress(record, templateOf());
  const watched = watch(tide, request, response, { key: request, url, describe, answersErrors }, options);
  if (watched !== undefined && isSocket) {
    keepContext(watched.record, ws);
    ws.on?.("close", () => watched.end(SWITCHING_PROTOCOLS, false));
  }
  return watched;
}

/** Runs the middleware after ours. A WebSocket was upgraded before, and its route is known once it has a handler. */
export function runNext({ record, end }: Watched, request: NodeRequest, next: () => void): void {
  record.bridge.run(record, () => next());
  if ((request as WebSocketRequest).wsHandled === true) end(SWITCHING_PROTOCOLS, true);
}

/** What Express knows of a route: the path where its router was mounted, as received, and the template within it. */
interface Mounted {
  readonly base: string;
  readonly path: unknown;
}

/** Express sets `route` as a route is entered, and resets `baseUrl` before it says that the request has failed. */
function watchRoute(request: NodeRequest): () => Mounted {
  const { set: outer } = Object.getOwnPropertyDescriptor(request, "route") ?? {};
  let { route, baseUrl } = request;
  const get = () => route;
  const set = (entered: unknown) => {
    outer?.(entered);
    route = entered;
    ({ baseUrl } = request);
  };
  Reflect.defineProperty(request, "route", { get, set, enumerable: true, configurable: true });
  return () => ({ base: baseUrl ?? "", path: request.route?.path });
}

function nameExpress(record: RequestRecord, { base, path: own }: Mounted): void {
  if (own === undefined || own === null) return;
  const path = String(own).replace(SUFFIX, "");
  const template = `${base}${path === "/" && base !== "" ? "" : path}` || "/";
  // A mount path holds the values of its parameters. As a path its id-like segments are shown as `:id`.
  if (base === "") nameRoute(record, template);
  else record.path = template;
}
