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

const second = { build: [["nitropack", "build", "--preset", "cloudflare_module"]], wrangler: ".output" };

hostTest("Nitro 2, cloudflare_module", "nitro-2", { ...second, requests });

hostTest("Nitro 2, cloudflare_module without wasm", "nitro-2", {
  ...second,
  env: { WITHOUT_WASM: "1" },
  requests,
});

hostTest("Nitro 2, node_server", "nitro-2", {
  build: [["nitropack", "build", "--preset", "node_server"]],
  prints: /Listening on/,
  start: () => ["node", ".output/server/index.mjs"],
  requests,
});
