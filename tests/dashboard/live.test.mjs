// The dashboard over a real collector: what is recorded is seen at once, by streams that are bounded.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createCollector, memorySink } from "../../pkg/dist/inline.js";
import { until } from "../../tools/receiver.mjs";
import { open, serve, startBrowser, withPage } from "./_serve.mjs";

const STREAMS = 16;

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

async function withCollector(work) {
  const tide = createCollector({ service: { name: "shop", version: "2.0.0" }, sinks: [memorySink()] });
  const site = await serve(tide);
  try {
    await work(tide, site);
  } finally {
    await site.stop();
    await tide.close();
  }
}

test("a request, an exception and a metric are seen as they come", async () => {
  await withCollector(async (tide, { url }) => {
    await withPage(async (page) => {
      await open(page, url);
      const reads = async (selector, wanted) => {
        const read = () => page.locator(selector).first().textContent();
        await until(async () => (await read()) === wanted, 15_000, `${wanted} in ${selector}`).catch(
          async () => assert.equal(await read(), wanted),
        );
      };
      await reads(".service", "shop");
      await reads(".tiles dd", "0");
      for (let n = 0; n < 40; n += 1) tide.req("/items/:id", "GET", n < 4 ? 500 : 200, Date.now() - 20, 20);
      tide.recordException(new RangeError("out of stock"));
      tide.counter("orders").add(3, { plan: "pro" });
      await reads(".tiles dd", "40");
      await reads("h1", "10\u202f% of requests fail.");
      await reads("#panel-REQ .name a", "/items/:id");
      await reads(".exceptions strong", "RangeError");
      await reads(".exceptions summary .message", "out of stock");
      await reads('section[aria-label="Metrics"] tbody tr', "ordersplan=pro3");
      tide.req("/items/:id", "GET", 200, Date.now() - 20, 20);
      await reads(".tiles dd", "41");
      await page.locator("#panel-REQ .name a").click();
      await page.waitForSelector("h1.title");
      await reads(".tiles dd", "41");
      await page.locator('section[aria-label="Requests"]').getByRole("button", { name: "Table" }).click();
      const counts = page.locator('section[aria-label="Requests"] tbody td:nth-child(2)');
      const sum = async () =>
        (await counts.allTextContents()).reduce((total, text) => total + Number(text), 0);
      await until(async () => (await sum()) === 41, 15_000, "the timeline of the route");
    });
  });
});

test("stats.json is what the collector says, and metrics its text", async () => {
  await withCollector(async (tide, { url }) => {
    for (let n = 1; n <= 100; n += 1) tide.req("/a", "GET", 200, Date.now() - n, n);
    const view = await (await fetch(`${url}stats.json`)).json();
    const { count, p50Ms, p99Ms } = tide.stats();
    assert.deepEqual([view.scope, view.service], ["process", { name: "shop", version: "2.0.0" }]);
    assert.deepEqual([view.stats.count, view.stats.p50Ms, view.stats.p99Ms], [count, p50Ms, p99Ms]);
    assert.equal(view.timeline.count.length, 60);
    assert.equal(
      view.timeline.count.reduce((a, b) => a + b),
      100,
    );
    assert.deepEqual(
      view.versions.map(({ version, count: n }) => [version, n]),
      [["2.0.0", 100]],
    );
    const row = await (await fetch(`${url}timeline.json?kind=REQ&name=%2Fa`)).json();
    assert.deepEqual(row.count, view.timeline.count);
    const text = await fetch(`${url}metrics`);
    assert.match(text.headers.get("content-type"), /^text\/plain; version=0\.0\.4/);
    assert.match(await text.text(), /^http_server_requests_total\{[^}]*http_route="\/a"[^}]*\} 100$/m);
    const open = await fetch(`${url}metrics`, { headers: { accept: "application/openmetrics-text" } });
    assert.match(open.headers.get("content-type"), /^application\/openmetrics-text/);
    assert.match(await open.text(), /# EOF\n$/);
  });
});

test("a stream is an event at once, and each that its reader leaves makes room", async () => {
  await withCollector(async (_tide, { url }) => {
    const streams = [];
    for (let n = 0; n < STREAMS; n += 1) {
      const stop = new AbortController();
      const response = await fetch(`${url}events`, { signal: stop.signal });
      assert.equal(response.headers.get("content-type"), "text/event-stream");
      const reader = response.body.getReader();
      const { value } = await reader.read();
      assert.match(new TextDecoder().decode(value), /^data: \{"scope":"process"/);
      streams.push(stop);
    }
    const refused = await fetch(`${url}events`);
    assert.deepEqual([refused.status, refused.headers.get("retry-after")], [503, "30"]);
    await refused.text();
    streams.pop().abort();
    const again = async () => {
      const stop = new AbortController();
      const { status } = await fetch(`${url}events`, { signal: stop.signal });
      stop.abort();
      return status === 200;
    };
    await until(again, 10_000, "room for a stream");
    for (const stop of streams) stop.abort();
  });
});

test("without room for a stream the page polls", async () => {
  await withCollector(async (tide, { url }) => {
    const stops = Array.from({ length: STREAMS }, () => new AbortController());
    const bodies = [];
    for (const { signal } of stops) bodies.push((await fetch(`${url}events`, { signal })).body.getReader());
    // Who reads nothing for half a minute gives way.
    const reading = bodies.map(async (body) => {
      while (!(await body.read()).done);
    });
    await withPage(async (page) => {
      await open(page, url);
      tide.req("/a", "GET", 200, Date.now());
      await page.waitForFunction(() => document.querySelector(".tiles dd").textContent === "1");
    });
    for (const stop of stops) stop.abort();
    await Promise.allSettled(reading);
  });
});
