import { hostTest } from "./_play.mjs";

const requests = [
  ["GET /items/7", 200, "/items/:id"],
  ["GET /items/0", 404, "/items/:id"],
  ["GET /none", 404, "/none"],
];

hostTest("Nitro 3, cloudflare_module", "nitro", {
  build: [["nitro", "build", "--preset", "cloudflare_module"]],
  requests,
});

hostTest("Nitro 3, node_server", "nitro", {
  build: [["nitro", "build", "--preset", "node_server"]],
  // Its own start, which goes on while the port is open.
  prints: /Listening on/,
  start: () => ["node", ".output/server/index.mjs"],
  requests,
});
