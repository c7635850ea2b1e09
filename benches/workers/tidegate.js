import { createCollector, ndjson } from "tidegate";
import { instrument } from "tidegate/workers";
import handler from "./bare.js";

const tide = createCollector((env) => ({ sinks: [ndjson({ url: `${env.SINK}/tidegate` })] }));
globalThis.counters = () => tide.counters();

export default instrument(tide, handler);
