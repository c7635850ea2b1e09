import { createCollector, ndjson } from "tidegate";
import { measure } from "tidegate/fetch";

const tide = createCollector((env) => ({ sinks: [ndjson({ url: env.EVENTS_URL })] }));
const ends = new WeakMap();

export default ({ hooks }) => {
  hooks.hook("request", (event) => {
    measure(tide, event, () => new Promise((resolve) => ends.set(event, resolve)));
  });
  hooks.hook("afterResponse", (event) => ends.get(event)?.({ status: event.node.res.statusCode }));
  hooks.hook("error", ({ statusCode }, { event }) => ends.get(event)?.({ status: statusCode ?? 500 }));
};
