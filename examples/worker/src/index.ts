import { createCollector, ndjson } from "tidegate";
import { instrument } from "tidegate/workers";

const tide = createCollector((env: Env) => ({ sinks: [ndjson({ url: env.EVENTS_URL })] }));

export default instrument(tide, {
  async fetch(request, env) {
    const db = tide.scope(request).d1(env.DB);
    return Response.json(await db.prepare("select 1 as ok").first());
  },
} satisfies ExportedHandler<Env>);
