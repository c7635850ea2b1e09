// A Worker whose env has the types that `wrangler types` writes: they import the exported classes by name.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import { createCollector } from "tidegate";
import { Hub, hub, hubStats } from "tidegate/hub";
import { instrument, instrumentDurableObject, instrumentEntrypoint } from "tidegate/workers";

export class TideHub extends Hub {}

const tide = createCollector((env: Env) => ({ sinks: [hub(env.TIDE_HUB)] }));

class CounterBase extends DurableObject<Env> {
  async add(n: number): Promise<number> {
    return n + 1;
  }
}
export class Counter extends instrumentDurableObject(tide, CounterBase) {}

class AdminBase extends WorkerEntrypoint<Env> {
  async purge(key: string): Promise<string> {
    return key;
  }
}
export class Admin extends instrumentEntrypoint(tide, AdminBase) {}

export default instrument(tide, {
  async fetch(_request, env) {
    const stub = env.COUNTER.get(env.COUNTER.idFromName("a"));
    const sum: number = await stub.add(1);
    // @ts-expect-error: the argument is a number
    await stub.add("1");
    // @ts-expect-error: there is no such method
    await stub.subtract(1);
    const purged: string = await env.ADMIN.purge("key");
    const { results } = await tide.d1(env.DB.withSession()).prepare("select 1").all();
    await tide.d1(env.DB).exec("select 1");
    const { rps } = await hubStats(env.TIDE_HUB);
    return new Response(`${sum} ${purged} ${results.length} ${rps}`);
  },
} satisfies ExportedHandler<Env>);
