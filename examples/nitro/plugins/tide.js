import { createCollector, ndjson } from "tidegate";
import { withTide } from "tidegate/fetch";

const tide = createCollector((env) => ({ sinks: [ndjson({ url: env.EVENTS_URL })] }));

export default (nitro) => {
  nitro.fetch = withTide(tide, nitro.fetch);
};
