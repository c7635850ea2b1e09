// The dashboard of worker-example in real workerd: what its traffic measures is what a browser sees.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startReceiver, until } from "../../tools/receiver.mjs";
import { drive, plan } from "../../tools/traffic.mjs";
import { startExample } from "../../tools/wrangler.mjs";
import { startBrowser, withPage } from "./_serve.mjs";

const DASHBOARD_TOKEN = "of the test";
let browser;
let receiver;
let worker;

before(async () => {
  receiver = await startReceiver();
  worker = await startExample({ SINK: "ndjson", SINK_URL: receiver.url, DASHBOARD_TOKEN });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  worker?.stop();
  await receiver?.stop();
});

test("it is guarded, and by its bearer read", async () => {
  assert.equal((await fetch(`${worker.url}/tide/stats.json`)).status, 401);
  const authorization = `Bearer ${DASHBOARD_TOKEN}`;
  const response = await fetch(`${worker.url}/tide/stats.json`, { headers: { authorization } });
  assert.deepEqual([response.status, (await response.json()).service.name], [200, "tidegate-example"]);
});

test("its traffic moves the charts, live", async () => {
  await withPage(async (page) => {
    const shown = async () =>
      Number((await page.locator(".tiles dd").first().textContent()).replaceAll(",", ""));
    await page.goto(`${worker.url}/tide/`);
    await page.getByLabel("Token").fill(DASHBOARD_TOKEN);
    await page.keyboard.press("Enter");
    await page.waitForSelector("main:not([hidden]) .plot canvas");
    assert.match(await page.locator(".scope").textContent(), /^one isolate of many/);
    const before = await shown();
    const { requests, excluded } = await drive(worker.url, plan(300, 3), { bursts: 2 });
    await until(async () => (await shown()) === before + requests - excluded, 20_000, "all requests");
    const stats = await page.evaluate(() => fetch("stats.json").then((response) => response.json()));
    assert.equal(stats.stats.count, before + requests - excluded);
    const names = await page.locator("#panel-REQ tbody .name").allTextContents();
    assert.ok(names.includes("/api/items/:id"), names);
    await page.getByRole("tab", { name: "Statements" }).click();
    assert.match(await page.locator("#panel-DB tbody").textContent(), /SELECT items/);
    assert.match(await page.locator(".exceptions").textContent(), /this route always fails/);
  });
});
