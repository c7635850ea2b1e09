// Screenshots for people: build/dashboard. They compare nothing, but nothing may go wrong while they are taken.
import assert from "node:assert/strict";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { root } from "../../tools/env.mjs";
import { fixture, timelineOf, viewOf } from "./_fixture.ts";
import { open, serve, startBrowser, withPage } from "./_serve.mjs";

const FOLDER = join(root, "build", "dashboard");
const PHONE = { viewport: { width: 360, height: 780 }, deviceScaleFactor: 2, hasTouch: true };

let browser;
before(async () => {
  mkdirSync(FOLDER, { recursive: true });
  browser = await startBrowser();
});
after(() => browser.close());

const withDay = (nowMs) =>
  viewOf(nowMs, {
    scope: "service",
    day: timelineOf(nowMs, { slots: 1440, stepMs: 60_000, scale: 4 }),
    isolates: { live: 12, maxSkewMs: 3, late: 0 },
  });

function failing(nowMs) {
  const { stats, counters } = viewOf(nowMs);
  const [first, second] = counters.sinks;
  const sinks = [
    { ...first, disabled: true },
    { ...second, dropped: { ...second.dropped, overflow: 120 } },
  ];
  return viewOf(nowMs, { stats: { ...stats, errorPct: 6.2 }, counters: { ...counters, sinks } });
}

const shot = {
  overview: { make: viewOf },
  day: { make: withDay, act: (page) => page.getByRole("button", { name: "24 h" }).click() },
  failing: {
    make: failing,
    async act(page) {
      await page.getByRole("slider", { name: "Requests, cursor" }).focus();
      for (const key of ["End", "PageDown", "PageDown"]) await page.keyboard.press(key);
    },
  },
  route: {
    make: viewOf,
    async act(page) {
      await page.getByRole("link", { name: "/api/orders" }).click();
      await page.locator(".exceptions summary").click();
    },
  },
  phone: { make: viewOf, settings: PHONE },
};

for (const [name, { make, act = () => {}, settings = {} }] of Object.entries(shot)) {
  for (const colorScheme of ["light", "dark"]) {
    test(`${name}, ${colorScheme}`, async () => {
      const site = await serve(fixture(make));
      const path = join(FOLDER, `${name}-${colorScheme}.png`);
      try {
        await withPage(
          async (page) => {
            await open(page, site.url);
            await act(page);
            await page.screenshot({ path, fullPage: true });
          },
          { ...settings, colorScheme },
        );
      } finally {
        await site.stop();
      }
      assert.ok(statSync(path).size > 10_000);
    });
  }
}
