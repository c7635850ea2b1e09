import { createCollector, ndjson } from "tidegate";
import { withTide } from "tidegate/fetch";

const tide = createCollector({ sinks: [ndjson({ url: "https://telemetry.example/events" })] });
Bun.serve({ port: 3000, fetch: withTide(tide, (request: Request) => new Response(request.url)) });
