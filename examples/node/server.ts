import { createServer } from "node:http";
import { createCollector, ndjson } from "tidegate";
import { listener } from "tidegate/node";

const tide = createCollector({ sinks: [ndjson({ url: "https://telemetry.example/events" })] });
createServer(listener(tide, (_request, response) => response.end("hi"))).listen(3000);
