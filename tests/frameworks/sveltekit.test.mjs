import { hostTest } from "./_play.mjs";

hostTest("SvelteKit 2", "sveltekit", {
  build: [["vite", "build"]],
  start: () => ["node", "build"],
  // Its own start, which goes on while the port is open, and what it finds no route for.
  prints: /Listening on|^\[404\]/,
  requests: [
    ["GET /items/7", 200, "/items/[id]"],
    ["GET /items/0", 404, "/items/[id]"],
    ["GET /", 200, "/"],
    ["GET /none/7", 404, "/none/:id"],
  ],
});
