import { hostTest } from "./_play.mjs";

hostTest("Next 16", "next", {
  build: [["next", "build"]],
  start: (port) => ["next", "start", "--hostname", "127.0.0.1", "--port", port],
  // Its own start, which goes on while the port is open.
  prints: /next\.config|^▲ Next|^\s*- (Local|Network):|^\s*✓ (Starting|Ready)/,
  requests: [
    ["GET /edge/7", 200, "/edge/:id"],
    ["GET /edge/0", 404, "/edge/:id"],
    ["GET /node/7", 200, "/node/:id"],
    ["GET /node/0", 404, "/node/:id"],
    ["GET /api/edge/7", 200, "/api/edge/:id"],
    ["GET /api/node/7", 200, "/api/node/:id"],
    ["GET /gate/7", 403, "/gate/:id"],
  ],
});
