// What the adapters take and give, against Cloudflare's own types. It only has to compile.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import { createCollector, ndjson } from "tidegate";
import { instrument, instrumentDurableObject, instrumentEntrypoint } from "tidegate/workers";

interface Env {
  URL: string;
  ROOM: DurableObjectNamespace<InstanceType<typeof Room>>;
  ADMIN: Service<InstanceType<typeof Admin>>;
}

const tide = createCollector((env: Env) => ({ sinks: [ndjson({ url: env.URL })] }));

export const Room = instrumentDurableObject(
  tide,
  class extends DurableObject<Env> {
    override async fetch(request: Request): Promise<Response> {
      return new Response(request.url);
    }
    async add(n: number): Promise<number> {
      return n + 1;
    }
    override async alarm(): Promise<void> {}
    override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
      socket.send(message);
    }
  },
);

export const Admin = instrumentEntrypoint(
  tide,
  class extends WorkerEntrypoint<Env> {
    async purge(key: string): Promise<string> {
      return `${key} ${this.env.URL}`;
    }
  },
);

const worker: ExportedHandler<Env, { id: number }> = instrument(tide, {
  async fetch(request, env, ctx) {
    ctx.waitUntil(tide.flush());
    const sum: number = await env.ROOM.get(env.ROOM.idFromName("a")).add(1);
    const purged: string = await env.ADMIN.purge("key");
    tide.scope(request).set("sum", sum);
    // @ts-expect-error: the argument is a number
    await env.ROOM.get(env.ROOM.idFromName("a")).add("1");
    return new Response(purged);
  },
  async scheduled(controller) {
    tide.scope(controller).evt("cron", { cron: controller.cron });
  },
  async queue(batch) {
    const ids: number[] = batch.messages.map(({ body }) => body.id);
    tide.scope(batch).evt("ids", { count: ids.length });
  },
  async email(message) {
    tide.scope(message).evt("from", { size: message.rawSize });
  },
  async tail(events) {
    tide.scope(events).evt("tail", { count: events.length });
  },
} satisfies ExportedHandler<Env, { id: number }>);

export default worker;
