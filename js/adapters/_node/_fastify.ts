/** Fastify 5. */
import type { RequestRecord } from "../../runtime/bridge.ts";
import { asThrown } from "../../runtime/error-type.ts";
import type { Collector } from "../../types/collector.ts";
import { keepContext } from "./_context.ts";
import type { NodeOptions, NodeRequest, NodeResponse } from "./_types.ts";
import { type Watched, watch } from "./_watch.ts";

/** The part of a Fastify instance that is used. */
export interface FastifyLike {
  // biome-ignore lint/suspicious/noExplicitAny: each hook has arguments of its own
  addHook(name: any, hook: any): unknown;
}

interface FastifyRequest {
  readonly raw: NodeRequest;
  readonly originalUrl: string;
  readonly is404: boolean;
  readonly routeOptions: { readonly url?: string | undefined };
}

/** What `@fastify/websocket` adds to an instance. */
interface WithSockets {
  readonly websocketServer?: SocketServer;
}

interface SocketServer {
  on(event: "connection", listener: (socket: object, raw: object) => void): unknown;
}

type Next = () => void;

const SWITCHING_PROTOCOLS = 101;

/**
 * A Fastify plugin that measures every route of the instance. `tide.scope` takes Fastify's request.
 *
 * A WebSocket of `@fastify/websocket` is a request of status 101, which ends with its upgrade.
 *
 * @example
 * await app.register(fastify(tide));
 */
export function fastify(
  tide: Collector,
  options?: NodeOptions,
): (instance: FastifyLike, given: unknown, done: () => void) => void {
  /** By Fastify's request and by Node's. */
  const open = new WeakMap<object, Watched>();
  const payloads = new WeakMap<object, unknown>();
  const begin = (request: FastifyRequest, raw: NodeRequest, response: NodeResponse): Watched | undefined => {
    const { originalUrl: url, is404, routeOptions } = request;
    const route = is404 ? undefined : routeOptions.url;
    const describe = (record: RequestRecord) => {
      record.error ??= (payloads.get(request) as { readonly errored?: unknown } | undefined)?.errored;
    };
    const watched = watch(
      tide,
      raw,
      response,
      { key: request, url, route, describe, answersErrors: true },
      options,
    );
    if (watched !== undefined) for (const key of [request, raw]) open.set(key, watched);
    return watched;
  };
  const plugin = (instance: FastifyLike, _given: unknown, done: () => void) => {
    const watchSockets = socketWatcher(instance as WithSockets, open);
    instance.addHook(
      "onRequest",
      (request: FastifyRequest, reply: { readonly raw: NodeResponse }, next: Next) => {
        const { raw } = request;
        const record = begin(request, raw, reply.raw)?.record;
        if (raw.headers["upgrade"] !== undefined) watchSockets();
        if (record === undefined) next();
        else record.bridge.run(record, () => next());
      },
    );
    // A stream that fails after the headers is no error to Fastify's hooks.
    instance.addHook("onSend", (request: object, _reply: unknown, payload: unknown, next: Next) => {
      if (typeof payload === "object") payloads.set(request, payload);
      next();
    });
    instance.addHook("onError", (request: object, _reply: unknown, error: unknown, next: Next) => {
      const record = open.get(request)?.record;
      if (record !== undefined) record.error = asThrown(error);
      next();
    });
    done();
  };
  // Without `skip-override` the hooks would see only the routes within the plugin.
  const marks = { [Symbol.for("skip-override")]: true, [Symbol.for("fastify.display-name")]: "tidegate" };
  return Object.assign(plugin, marks);
}

/** Ends requests that become WebSockets. The plugin that has them may be registered later than ours. */
function socketWatcher(instance: WithSockets, open: WeakMap<object, Watched>): () => void {
  let known: SocketServer | undefined;
  return () => {
    const { websocketServer: server } = instance;
    if (server === known) return;
    known = server;
    server?.on("connection", (socket, raw) => {
      const watched = open.get(raw);
      if (watched === undefined) return;
      watched.end(SWITCHING_PROTOCOLS, true);
      keepContext(watched.record, socket);
    });
  };
}
