// Miniflare's own module collection (`modules: true`) follows every import of a bundle, and refuses one by a variable.
import assert from "node:assert/strict";
import { until } from "../../tools/receiver.mjs";
import { hostTest } from "./_play.mjs";

hostTest("Miniflare 4", "miniflare", {
  build: [["npm", "run", "build"]],
  start: () => ["node", "index.js"],
  requests: [
    ["GET /items/7", 200, "/items/:id"],
    ["POST /items", 200, "/items"],
  ],
  async then({ receiver }) {
    const { events } = receiver.store;
    const inside = () => events.filter(({ name }) => name === "inside");
    await until(() => inside().length === 2, 10_000, "the events inside");
    const spans = events.filter(({ kind }) => kind === "REQ").map(({ span_id }) => span_id);
    assert.deepEqual(new Set(inside().map(({ parent_id }) => parent_id)), new Set(spans));
  },
});
