// Chromium, unbundled: an import map leads from the package's names to its files, as its exports say.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { root, which } from "../../tools/env.mjs";
import { serve } from "./_files.mjs";
import { layOut, suite } from "./_host.mjs";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const executablePath = process.env.CHROMIUM ?? names.map((name) => which(name)).find(Boolean);
const { args } = JSON.parse(readFileSync(join(root, "webdriver.json"), "utf8"))["goog:chromeOptions"];

const browser = await chromium.launch({ executablePath, args });

suite(`Chromium ${browser.version()}`, async () => {
  const server = await serve(layOut("chromium"));
  try {
    const page = await browser.newPage();
    await page.goto(server.url);
    return await page.evaluate(() => globalThis.answers);
  } finally {
    await browser.close();
    await server.stop();
  }
});
