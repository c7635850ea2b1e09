import { hostTest, wranglerFlags } from "./_play.mjs";

hostTest("Pages Functions", "pages", {
  start: (port, url) => [
    "wrangler",
    "pages",
    "dev",
    ...wranglerFlags(port),
    "--binding",
    `EVENTS_URL=${url}`,
  ],
  requests: [
    ["GET /items/7", 200, "/items/:id"],
    ["GET /items/0", 404, "/items/:id"],
    ["GET /", 200, "/"],
    ["POST /items/7", 405, "/items/:id"],
  ],
});
