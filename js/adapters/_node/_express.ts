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
  watchRoute(request);
  const describe = (record: RequestRecord) => nameExpress(record, request);
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
  readonly route: NodeRequest["route"];
}

const MOUNTED: unique symbol = Symbol.for("tidegate.mounted") as never;

/** A request that keeps with `route` the `baseUrl` that it had as the route was entered. */
type MountedRequest = NodeRequest & { readonly [MOUNTED]?: Mounted };

/** One for all requests: V8 would have a class of its own for each request with accessors of its own. */
const ROUTE: PropertyDescriptor & ThisType<MountedRequest> = {
  get() {
    return this[MOUNTED]?.route;
  },
  set(route: unknown) {
    const value: Mounted = { base: this.baseUrl ?? "", route };
    Object.defineProperty(this, MOUNTED, { value, configurable: true });
  },
  enumerable: true,
  configurable: true,
};

/** Express sets `route` as a route is entered, and resets `baseUrl` before it says that the request has failed. */
function watchRoute(request: MountedRequest): void {
  const { route } = request;
  if (request[MOUNTED] !== undefined || !Reflect.defineProperty(request, "route", ROUTE)) return;
  if (route !== undefined) Reflect.set(request, "route", route);
}

function nameExpress(record: RequestRecord, { [MOUNTED]: mounted }: MountedRequest): void {
  const own: unknown = mounted?.route?.path;
  if (mounted === undefined || own === undefined || own === null) return;
  const { base } = mounted;
  const path = String(own).replace(SUFFIX, "");
  const template = `${base}${path === "/" && base !== "" ? "" : path}` || "/";
  // A mount path holds the values of its parameters. As a path its id-like segments are shown as `:id`.
  if (base === "") nameRoute(record, template);
  else record.path = template;
}
