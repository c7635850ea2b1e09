// The same as a Worker.
import { createCollector, ndjson } from "tidegate";
import { instrument } from "tidegate/workers";
import { answering, handler } from "./_server.js";

const tide = createCollector((env) => ({ sinks: [ndjson({ url: env.SINK })], queueSize: 10_000 }));
const worker = instrument(tide, { fetch: handler });

export default { fetch: answering(tide, (...args) => worker.fetch(...args)) };
