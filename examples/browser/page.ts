import { createCollector, ndjson } from "tidegate";
import { watchPage } from "tidegate/browser";

const tide = createCollector({ sinks: [ndjson({ url: "/events" })] });
watchPage(tide);
tide.evt("opened", { page: location.pathname });
