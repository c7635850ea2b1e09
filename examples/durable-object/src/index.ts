import { DurableObject } from "cloudflare:workers";
import { createCollector, ndjson } from "tidegate";
import { instrument, instrumentDurableObject } from "tidegate/workers";

interface Env {
  EVENTS_URL: string;
  COUNTER: DurableObjectNamespace<Counter>;
}
const tide = createCollector((env: Env) => ({ sinks: [ndjson({ url: env.EVENTS_URL })] }));

class CounterBase extends DurableObject<Env> {
  async add(n: number) {
    const sum = ((await this.ctx.storage.get<number>("sum")) ?? 0) + n;
    await this.ctx.storage.put("sum", sum);
    return sum;
  }
}
export class Counter extends instrumentDurableObject(tide, CounterBase) {}

export default instrument(tide, {
  fetch: async (_request, env) => Response.json(await env.COUNTER.getByName("a").add(1)),
} satisfies ExportedHandler<Env>);
