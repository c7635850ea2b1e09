import { hostTest } from "./_play.mjs";

hostTest("React Router 8 on Workers", "react-router", {
  build: [["react-router", "build"]],
  flags: ["--config", "build/server/wrangler.json"],
  requests: [
    ["GET /items/7", 200, "/items/:id"],
    ["GET /items/0", 404, "/items/:id"],
    ["GET /", 200, "/"],
  ],
});
