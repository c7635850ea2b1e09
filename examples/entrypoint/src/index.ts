import { WorkerEntrypoint } from "cloudflare:workers";
import { createCollector, ndjson } from "tidegate";
import { instrument, instrumentEntrypoint } from "tidegate/workers";

interface Env {
  EVENTS_URL: string;
  GREETER: Service<Greeter>;
}
const tide = createCollector((env: Env) => ({ sinks: [ndjson({ url: env.EVENTS_URL })] }));

class GreeterBase extends WorkerEntrypoint<Env> {
  async greet(name: string) {
    return `hello ${name}`;
  }
}
export class Greeter extends instrumentEntrypoint(tide, GreeterBase) {}

export default instrument(tide, {
  fetch: async (_request, env) => new Response(await env.GREETER.greet("you")),
} satisfies ExportedHandler<Env>);
