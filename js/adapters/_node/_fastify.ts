/** Fastify 5. */
import type { RequestRecord } from "../../runtime/bridge.ts";
import { asThrown } from "../../runtime/error-type.ts";
import type { Collector } from "../../types/collector.ts";
import type { NodeOptions, NodeRequest, NodeResponse } from "./_types.ts";
import { watch } from "./_watch.ts";

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

/**
 * A Fastify plugin that measures every route of the instance. `tide.scope` takes Fastify's request.
 *
 * @example
 * await app.register(fastify(tide));
 */
export function fastify(
  tide: Collector,
  options?: NodeOptions,
): (instance: FastifyLike, given: unknown, done: () => void) => void {
  const open = new WeakMap<object, RequestRecord>();
  const enter = (request: FastifyRequest, _reply: unknown, done: () => void) => {
    const record = open.get(request);
    if (record === undefined) done();
    else record.bridge.run(record, () => done());
  };
  const plugin = (instance: FastifyLike, _given: unknown, done: () => void) => {
    instance.addHook(
      "onRequest",
      (request: FastifyRequest, reply: { readonly raw: NodeResponse }, next: () => void) => {
        const { raw, originalUrl: url, is404, routeOptions } = request;
        const route = is404 ? undefined : routeOptions.url;
        const record = watch(
          tide,
          raw,
          reply.raw,
          { key: request, url, route, answersErrors: true },
          options,
        );
        if (record !== undefined) open.set(request, record);
        enter(request, reply, next);
      },
    );
    // The body is read in the context of the connection, so the request's context is entered again.
    instance.addHook("preValidation", enter);
    instance.addHook("onError", (request: object, _reply: unknown, error: unknown, next: () => void) => {
      const record = open.get(request);
      if (record !== undefined) record.error = asThrown(error);
      next();
    });
    done();
  };
  // Without `skip-override` the hooks would see only the routes within the plugin.
  const marks = { [Symbol.for("skip-override")]: true, [Symbol.for("fastify.display-name")]: "tidegate" };
  return Object.assign(plugin, marks);
}
