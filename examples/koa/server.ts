import Koa from "koa";
import { createCollector, ndjson } from "tidegate";
import { koa } from "tidegate/node";

const tide = createCollector({ sinks: [ndjson({ url: "https://telemetry.example/events" })] });
const app = new Koa();
app.use(koa(tide));
app.use((ctx) => {
  ctx.body = "hi";
});
app.listen(3000);
