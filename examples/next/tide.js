import { createCollector, ndjson } from "tidegate";

export const tide = createCollector((env) => ({ sinks: [ndjson({ url: env.EVENTS_URL })] }));
