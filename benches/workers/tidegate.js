import { createCollector, ndjson } from "tidegate";
import { instrument } from "tidegate/workers";
import handler from "./bare.js";

const tide = createCollector((env) => ({ sinks: [ndjson({ url: `${env.SINK}/tidegate` })] }));

export default instrument(tide, {
  async fetch(request, env, ctx) {
    if (request.url.endsWith("/__tide")) return Response.json(tide.counters());
    return handler.fetch(request, env, ctx);
  },
});
