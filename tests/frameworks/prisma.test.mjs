import assert from "node:assert/strict";
import { hostTest } from "./_play.mjs";

hostTest("Prisma on D1", "prisma", {
  // Generating needs no schema engine; without this its command line loads one from a host of its own.
  env: { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: "1" },
  build: [
    ["prisma", "generate"],
    ["wrangler", "d1", "execute", "db", "--local", "--file", "schema.sql"],
  ],
  requests: [
    ["PUT /items/7", 201, "/items/:id"],
    ["GET /items/7", 200, "/items/:id"],
    ["GET /items/8", 404, "/items/:id"],
  ],
  async then({ receiver }) {
    const { events } = receiver.store;
    const statements = events.filter(({ kind }) => kind === "DB");
    const roots = new Map(events.filter(({ kind }) => kind === "REQ").map((event) => [event.span_id, event]));
    assert.deepEqual(
      statements.map(({ summary, db_system, parent_id }) => [
        summary,
        db_system,
        roots.get(parent_id)?.method,
      ]),
      [
        ["INSERT main.items", "sqlite", "PUT"],
        ["SELECT main.items", "sqlite", "GET"],
        ["SELECT main.items", "sqlite", "GET"],
      ],
    );
    assert.ok(!JSON.stringify(events).includes("secret"), "no value is recorded");
  },
});
