import { createCollector, ndjson } from "tidegate";
import { asyncContext } from "tidegate/context";
import { instrument } from "tidegate/workers";

const tide = createCollector((env) => ({
  context: asyncContext(),
  sinks: [ndjson({ url: env.EVENTS_URL })],
}));

export default instrument(tide, {
  fetch() {
    tide.evt("inside");
    return new Response("hi");
  },
});
