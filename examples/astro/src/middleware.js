import { createCollector, ndjson } from "tidegate";
import { measure } from "tidegate/fetch";

const tide = createCollector((env) => ({ sinks: [ndjson({ url: env.EVENTS_URL })] }));

export const onRequest = (context, next) =>
  measure(tide, context, next, { route: () => context.routePattern });
