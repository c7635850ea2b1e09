import { createServer } from "node:http2";
import Koa from "koa";
import { createCollector, ndjson } from "tidegate";
import { koa } from "tidegate/node";

const tide = createCollector((env) => ({ sinks: [ndjson({ url: env.EVENTS_URL })] }));
const app = new Koa();
app.use(koa(tide));
app.use((ctx) => {
  if (ctx.path === "/throws") ctx.throw(503);
  if (ctx.path.startsWith("/items/")) ctx.body = { path: ctx.path };
});
createServer(app.callback()).listen(Number(process.env.PORT ?? 3000));
