import { createCollector, ndjson } from "tidegate";
import { withTide } from "tidegate/fetch";

const tide = createCollector({ sinks: [ndjson({ url: "https://telemetry.example/events" })] });

export const config = { runtime: "edge" };
export default withTide(tide, (request: Request) => new Response(request.url));
