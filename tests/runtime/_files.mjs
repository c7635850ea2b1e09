// Serves a folder on loopback, and at its root a page that runs the suite.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES = { ".js": "text/javascript", ".mjs": "text/javascript", ".json": "application/json" };

export async function serve(folder) {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url, "http://host").pathname);
    try {
      const body = path === "/" ? page(folder) : readFileSync(join(folder, path));
      response.setHeader("content-type", TYPES[extname(path)] ?? "text/html");
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function page(folder) {
  const { exports } = JSON.parse(readFileSync(join(folder, "node_modules/tidegate/package.json"), "utf8"));
  const modules = Object.entries(exports).filter(([, target]) => target.default?.default?.endsWith(".js"));
  const imports = modules.map(([name, target]) => [
    join("tidegate", name),
    join("/node_modules/tidegate", target.default.default),
  ]);
  return `<!doctype html>
<link rel="icon" href="data:," />
<script type="importmap">${JSON.stringify({ imports: Object.fromEntries(imports) })}</script>
<script>
  globalThis.answers = Promise.all([import("/tests/runtime/_suite.js"), fetch("/tests/vectors/rng.json")]).then(
    async ([{ run }, response]) => run(await response.json()),
  );
</script>`;
}
