// `watchPage` in real browsers: what a page recorded leaves when the page does.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { root, which } from "../../tools/env.mjs";
import { until } from "../../tools/receiver.mjs";
import { startFirefox } from "../runtime/_webdriver.mjs";

const PAGE = `<!doctype html><link rel="icon" href="data:,"><script type="module">
  import { createCollector, ndjson } from "/dist/inline.js";
  import { watchPage } from "/dist/browser.js";
  const query = new URLSearchParams(location.search);
  // Nothing but the page's end would send within the test.
  const tide = createCollector({ sinks: [ndjson({ url: "/events" })], flushIntervalMs: 600_000, leaseMs: 700_000, batchMax: 4096 });
  const unwatch = watchPage(tide);
  for (let i = 0; i < Number(query.get("count")); i++) tide.evt("clicked", { number: i, text: "x".repeat(100) });
  if (query.has("unwatched")) unwatch();
  globalThis.tide = tide;
</script>`;

/** Serves the page and the package, and takes what pages send. */
async function startSite() {
  const posts = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://host");
    if (request.method === "POST") {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const lines = Buffer.concat(chunks).toString().trim().split("\n");
      posts.push({
        bytes: chunks.reduce((sum, { length }) => sum + length, 0),
        lines: lines.map(JSON.parse),
      });
      return response.end();
    }
    if (pathname.startsWith("/dist/")) {
      response.setHeader("content-type", "text/javascript");
      return response.end(readFileSync(join(root, "pkg", pathname)));
    }
    response.setHeader("content-type", "text/html");
    response.end(pathname === "/page" ? PAGE : "<!doctype html>elsewhere");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    posts,
    clicks: () => posts.flatMap(({ lines }) => lines).filter(({ name }) => name === "clicked"),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function startChromium() {
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  const executablePath = process.env.CHROMIUM ?? names.map((name) => which(name)).find(Boolean);
  const { args } = JSON.parse(readFileSync(join(root, "webdriver.json"), "utf8"))["goog:chromeOptions"];
  const browser = await chromium.launch({ executablePath, args });
  const page = await browser.newPage();
  return {
    open: (url) => page.goto(url),
    ask: (expression) => page.evaluate(expression),
    stop: () => browser.close(),
  };
}

for (const [name, start] of [
  ["Chromium", startChromium],
  ["Firefox", startFirefox],
]) {
  test(`${name}: what was recorded leaves with the page, and not without watchPage`, async () => {
    const site = await startSite();
    const browser = await start();
    const visit = async (query) => {
      await browser.open(`${site.url}/page?${query}`);
      const accepted = await browser.ask("globalThis.tide.counters().accepted");
      assert.equal(site.posts.length, 0, "nothing has left before");
      await browser.open(`${site.url}/elsewhere`);
      return accepted;
    };
    try {
      assert.equal(await visit("count=3&unwatched"), 3);
      assert.equal(await visit("count=5"), 5);
      await until(() => site.clicks().length > 0, 10_000, "the events of the page");
      assert.deepEqual(
        site.clicks().map(({ attributes }) => attributes.number),
        [0, 1, 2, 3, 4],
      );
      site.posts.length = 0;

      // Browsers refuse a keepalive request beyond 64 KiB: as much as fits leaves, instead of nothing.
      assert.equal(await visit("count=1000"), 1000);
      await until(() => site.clicks().length > 0, 10_000, "the events of the page");
      assert.ok(site.posts[0].bytes <= 60 * 1024, `${site.posts[0].bytes} bytes`);
      assert.ok(site.clicks().length > 100, `${site.clicks().length} events`);
    } finally {
      await browser.stop();
      await site.stop();
    }
  });
}
