// npm run pictures [-- minutes]: the demo's Worker under its traffic for a while (15 minutes), then docs/pictures.
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { root, which } from "../tools/env.mjs";
import { startReceiver } from "../tools/receiver.mjs";
import { drive, plan } from "../tools/traffic.mjs";
import { startExample } from "../tools/wrangler.mjs";
import { build } from "./build.mjs";

const VIEWPORT = { width: 1200, height: 800 };
/** A request at a time, and a short pause after some of them. */
const GENTLE = { concurrency: 1, bursts: 40, pauseMs: 250 };

async function take(url, token, colorScheme) {
  const browser = await chromium.launch({ executablePath: which("chromium"), args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage({ colorScheme, viewport: VIEWPORT });
    await page.goto(url);
    await page.getByLabel("Token").fill(token);
    await page.keyboard.press("Enter");
    await page.waitForSelector("main:not([hidden]) .plot canvas");
    await page.waitForTimeout(500);
    const path = join(root, "docs", "pictures", `dashboard-${colorScheme}.png`);
    await page.screenshot({ path });
    console.log(path);
  } finally {
    await browser.close();
  }
}

async function main(minutes) {
  await build();
  mkdirSync(join(root, "docs", "pictures"), { recursive: true });
  const receiver = await startReceiver();
  const token = randomBytes(12).toString("base64url");
  const example = await startExample({ SINK: "ndjson", SINK_URL: receiver.url, DASHBOARD_TOKEN: token });
  try {
    const end = Date.now() + minutes * 60_000;
    for (let seed = 1; Date.now() < end; seed += 1) await drive(example.url, plan(200, seed), GENTLE);
    // The newest slot is part of the picture.
    const traffic = drive(example.url, plan(400, 0), GENTLE);
    for (const colorScheme of ["light", "dark"]) await take(`${example.url}/tide/`, token, colorScheme);
    await traffic;
  } finally {
    example.stop();
    await receiver.stop();
  }
}

await main(Number(process.argv[2] ?? 15));
