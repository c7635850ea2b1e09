import { Hono } from "hono";
import { createCollector, ndjson } from "tidegate";
import { tidegate } from "tidegate/hono";
import { instrument } from "tidegate/workers";

const tide = createCollector((env) => ({ sinks: [ndjson({ url: env.EVENTS_URL })] }));

const app = new Hono();
app.use(tidegate(tide));
app.get("/items/:id", (c) => c.json({ id: c.req.param("id") }));
app.post("/jobs", async (c) => {
  await c.env.JOBS.send({ at: Date.now() });
  return c.body(null, 202);
});

export default instrument(tide, {
  fetch: app.fetch,
  scheduled: (controller) => tide.scope(controller).time("clean up", () => scheduler.wait(1)),
  queue: (batch) => tide.scope(batch).evt("jobs", { count: batch.messages.length }),
});
