import { hostTest } from "./_play.mjs";

hostTest("Astro 7", "astro", {
  build: [["astro", "build"]],
  start: () => ["node", "dist/server/entry.mjs"],
  prints: /Server listening/,
  requests: [
    ["GET /items/7", 200, "/items/[id]"],
    ["GET /items/0", 404, "/items/[id]"],
    ["GET /", 200, "/"],
  ],
});
