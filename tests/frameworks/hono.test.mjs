import assert from "node:assert/strict";
import { until } from "../../tools/receiver.mjs";
import { hostTest } from "./_play.mjs";

const ROOTS = ["scheduled:0 * * * *", "queue:jobs"];

hostTest("Hono on Workers", "hono", {
  flags: ["--test-scheduled"],
  requests: [
    ["GET /items/7", 200, "/items/:id"],
    ["POST /jobs", 202, "/jobs"],
    ["GET /none/7", 404, "/none/:id"],
  ],
  async then({ server, receiver }) {
    await (await fetch(`${server.url}/__scheduled?cron=0+*+*+*+*`)).text();
    const { events } = receiver.store;
    const roots = () => events.filter(({ fn }) => ROOTS.includes(fn));
    await until(() => roots().length === ROOTS.length, 20_000, `scheduled and queue\n${server.log}`);
    for (const [name, child] of [
      [ROOTS[0], events.find(({ fn }) => fn === "clean up")],
      [ROOTS[1], events.find(({ name }) => name === "jobs")],
    ]) {
      const root = roots().find(({ fn }) => fn === name);
      assert.equal(child?.parent_id, root.span_id, name);
      assert.equal(root.error, undefined);
    }
  },
});
