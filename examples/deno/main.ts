import { createCollector, ndjson } from "tidegate";
import { withTide } from "tidegate/fetch";

const tide = createCollector({ sinks: [ndjson({ url: "https://telemetry.example/events" })] });
Deno.serve(
  { port: 3000 },
  withTide(tide, (request: Request) => new Response(request.url)),
);
