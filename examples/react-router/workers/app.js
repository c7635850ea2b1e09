import { createRequestHandler } from "react-router";
import { createCollector, ndjson } from "tidegate";
import { instrument } from "tidegate/workers";

const tide = createCollector((env) => ({ sinks: [ndjson({ url: env.EVENTS_URL })] }));
const handler = createRequestHandler(() => import("virtual:react-router/server-build"));

export default instrument(tide, { fetch: (request) => handler(request) });
