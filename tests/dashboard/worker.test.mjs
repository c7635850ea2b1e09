// The dashboard in real workerd: of a Worker's own isolate, and that of worker-example. What is measured is what a browser sees.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { root } from "../../tools/env.mjs";
import { startReceiver, until } from "../../tools/receiver.mjs";
import { drive, plan } from "../../tools/traffic.mjs";
import { startWorkerd } from "../../tools/workerd.mjs";
import { startExample } from "../../tools/wrangler.mjs";
import { startBrowser, withPage } from "./_serve.mjs";

const TOKEN = "of the test";
const STREAMS = 16;
let browser;

before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

async function logIn(page, url) {
  await page.goto(`${url}/tide/`);
  await page.getByLabel("Token").fill(TOKEN);
  await page.keyboard.press("Enter");
  await page.waitForSelector("main:not([hidden]) .plot canvas");
}

const countOn = async (page) =>
  Number((await page.locator(".tiles dd").first().textContent()).replaceAll(",", ""));

async function withIsolate(work) {
  const worker = await startWorkerd(join(root, "tests", "dashboard", "fixtures", "worker.js"), {
    bindings: { TOKEN },
  });
  try {
    await work(worker);
  } finally {
    await worker.stop();
  }
}

test("an isolate is followed live, and says that it is one of many", async () => {
  await withIsolate(async (worker) => {
    const { url } = worker;
    await withPage(async (page) => {
      await logIn(page, url);
      assert.match(await page.locator(".scope").textContent(), /^one isolate of many/);
      for (let n = 0; n < 30; n += 1) await (await fetch(url + (n % 10 === 0 ? "/fail" : "/"))).text();
      await until(async () => (await countOn(page)) === 30, 20_000, `30 requests\n${worker.log}`);
      assert.equal(await page.locator("h1").textContent(), "10\u202f% of requests fail.");
      assert.equal(await page.locator(".exceptions strong").textContent(), "RangeError");
      assert.equal(await page.locator('section[aria-label="Metrics"] tbody tr').textContent(), "orders27");
    });
  });
});

test("streams whose clients have left are no more than there may be, and the page goes on", async () => {
  await withIsolate(async ({ url }) => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    for (let n = 0; n < STREAMS; n += 1) {
      const stop = new AbortController();
      const response = await fetch(`${url}/tide/events`, { headers, signal: stop.signal });
      assert.equal(response.status, 200);
      await response.body.getReader().read();
      stop.abort();
    }
    await withPage(async (page) => {
      await logIn(page, url);
      await (await fetch(`${url}/`)).text();
      await until(async () => (await countOn(page)) === 1, 20_000, "a request");
    });
  });
});

test("worker-example: its traffic moves the charts", async () => {
  const receiver = await startReceiver();
  let worker;
  try {
    worker = await startExample({ SINK: "ndjson", SINK_URL: receiver.url, DASHBOARD_TOKEN: TOKEN });
    assert.equal((await fetch(`${worker.url}/tide/stats.json`)).status, 401);
    await withPage((page) => driven(page, worker));
  } finally {
    worker?.stop();
    await receiver.stop();
  }
});

async function driven(page, { url }) {
  await logIn(page, url);
  const before = await countOn(page);
  const { requests, excluded } = await drive(url, plan(300, 3), { bursts: 2 });
  await until(async () => (await countOn(page)) === before + requests - excluded, 60_000, "all requests");
  const { stats, service } = await page.evaluate(() =>
    fetch("stats.json").then((response) => response.json()),
  );
  assert.deepEqual([stats.count, service.name], [before + requests - excluded, "tidegate-example"]);
  const names = await page.locator("#panel-REQ tbody .name").allTextContents();
  assert.ok(names.includes("/api/items/:id"), names);
  await page.getByRole("tab", { name: "Statements" }).click();
  assert.match(await page.locator("#panel-DB tbody").textContent(), /SELECT items/);
  assert.match(await page.locator(".exceptions").textContent(), /this route always fails/);
}
