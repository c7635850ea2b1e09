// A site in headless Chromium: serves what a bundler wrote and a page that runs it, and takes the events that the page sends.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { chromium } from "playwright-core";
import { root, which } from "../../tools/env.mjs";

const TYPES = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };

/** What the program in `folder`/`file` leaves in `globalThis.answer`, awaited, and the events that arrived. */
export async function visit(folder, file, { csp, type = "module" } = {}) {
  const site = await startSite(folder, file, { csp, type });
  const browser = await launch();
  try {
    const page = await browser.newPage();
    const thrown = [];
    page.on("pageerror", ({ message }) => thrown.push(message));
    await page.goto(site.url);
    const answer = await page.evaluate(() => globalThis.answer);
    return { answer, thrown, events: site.events.filter(({ kind }) => kind !== "META") };
  } finally {
    await browser.close();
    await site.stop();
  }
}

async function startSite(folder, file, { csp, type }) {
  const events = [];
  const server = createServer(async (request, response) => {
    if (csp !== undefined) response.setHeader("content-security-policy", csp);
    if (request.method === "POST") {
      const chunks = await request.toArray();
      events.push(...Buffer.concat(chunks).toString().trim().split("\n").map(JSON.parse));
      return response.end();
    }
    const path = normalize(new URL(request.url, "http://host").pathname);
    try {
      const body = path === "/" ? pageOf(file, type) : readFileSync(join(folder, path));
      response.setHeader("content-type", TYPES[extname(path)] ?? "text/html");
      return response.end(body);
    } catch {
      return response.writeHead(404).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    events,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const pageOf = (file, type) =>
  `<!doctype html><link rel="icon" href="data:,"><script type="${type}" src="/${file}"></script>`;

function launch() {
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  const executablePath = process.env.CHROMIUM ?? names.map((name) => which(name)).find(Boolean);
  const { args } = JSON.parse(readFileSync(join(root, "webdriver.json"), "utf8"))["goog:chromeOptions"];
  return chromium.launch({ executablePath, args });
}
