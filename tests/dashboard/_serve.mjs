// A dashboard on a real server, and the browser that looks at it.
import { createServer } from "node:http";
import { chromium } from "playwright-core";
import { dashboard, toListener } from "../../pkg/dist/dashboard.js";
import { which } from "../../tools/env.mjs";

/** Serves `source` at `/tide/`. */
export async function serve(source, options = { public: true }) {
  const handler = dashboard(source, options);
  const server = createServer(toListener(handler));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { origin, url: `${origin}/tide/`, handler, stop };
}

let browser;

/** The one browser of a file's tests. */
export async function startBrowser() {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const executablePath = process.env.CHROMIUM ?? names.map((name) => which(name)).find(Boolean);
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  return browser;
}

/** Runs `work` with a new page, on which nothing may go wrong: no error, no refusal by the policy, no other host. */
export async function withPage(work, settings = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...settings });
  const wrong = [];
  try {
    const page = await context.newPage();
    await page.addInitScript(() => {
      globalThis.refusals = [];
      addEventListener("securitypolicyviolation", (event) =>
        globalThis.refusals.push(`${event.violatedDirective} ${event.blockedURI}`),
      );
    });
    page.on("pageerror", (error) => wrong.push(`error: ${error.stack}`));
    page.on("console", (message) => {
      // The browser says so of a status that is not 200, as a wrong token has.
      const isStatus = message.text().includes("the server responded with a status of");
      if (message.type() === "error" && !isStatus) wrong.push(`console: ${message.text()}`);
    });
    page.on("request", (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (protocol !== "data:" && hostname !== "127.0.0.1") wrong.push(`request: ${request.url()}`);
    });
    await work(page);
    wrong.push(...(await page.evaluate(() => globalThis.refusals)));
  } finally {
    await context.close();
  }
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
}

/** Opens the page and waits for its first figures. */
export async function open(page, url) {
  await page.goto(url);
  await page.waitForSelector("main:not([hidden]) .plot canvas");
}
