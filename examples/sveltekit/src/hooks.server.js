import { createCollector, ndjson } from "tidegate";
import { measure } from "tidegate/fetch";

const tide = createCollector((env) => ({ sinks: [ndjson({ url: env.EVENTS_URL })] }));

export const handle = ({ event, resolve }) =>
  measure(tide, event, () => resolve(event), { route: () => event.route.id ?? undefined });
