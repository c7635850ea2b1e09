// The page in Chromium, over figures that are known before.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { root } from "../../tools/env.mjs";
import { until } from "../../tools/receiver.mjs";
import { fixture, SERIES, timelineOf, viewOf } from "./_fixture.ts";
import { open, serve, startBrowser, withPage } from "./_serve.mjs";

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

/** One moment, so that what is shown can be compared. */
const NOW = Date.now();
const still = (more = {}) => fixture(() => viewOf(NOW, more));

/** Runs `work` with a page that shows `source`. */
async function withDashboard(source, work, { options, settings, path = "" } = {}) {
  const site = await serve(source, options);
  try {
    await withPage(async (page) => {
      await open(page, site.url + path);
      await work(page, site);
    }, settings);
  } finally {
    await site.stop();
  }
}

const texts = (page, selector) =>
  page.$$eval(selector, (nodes) => nodes.map((node) => node.textContent.replaceAll(/\s/g, " ")));
const number = (text) => Number(text.replaceAll(",", ""));

/** The rows of a chart's table, the oldest first. */
async function chartRows(page, title) {
  const chart = page.locator(`section[aria-label="${title}"]`);
  await chart.getByRole("button", { name: "Table" }).click();
  const rows = await chart.locator("tbody tr").all();
  const cells = await Promise.all(rows.map((row) => row.locator("td").allTextContents()));
  return cells.reverse();
}

test("charts and their tables show what stats.json says", async () => {
  await withDashboard(still(), async (page, { url }) => {
    const { timeline, stats } = await (await fetch(`${url}stats.json`)).json();
    const requests = await chartRows(page, "Requests");
    assert.deepEqual(
      requests.map(([, count]) => number(count)),
      timeline.count,
    );
    const errors = await chartRows(page, "Errors");
    assert.deepEqual(
      errors.map(([, count]) => number(count)),
      timeline.errors,
    );
    const latency = await chartRows(page, "Latency");
    for (const [at, row] of latency.entries()) {
      const shown = row.slice(2).map((text) => Number.parseFloat(text));
      const wanted = [timeline.p50Ms[at], timeline.p95Ms[at], timeline.p99Ms[at]];
      for (const [n, ms] of shown.entries())
        assert.ok(Math.abs(ms / wanted[n] - 1) < 0.01, `${ms} ${wanted[n]}`);
    }
    const [count, , , p50] = await texts(page, ".tiles dd");
    assert.equal(number(count), stats.count);
    assert.equal(p50, `${stats.p50Ms} ms`);
  });
});

test("the canvas has lines where the figures are", async () => {
  await withDashboard(still(), async (page) => {
    const colors = await page.$$eval(".plot canvas", (canvases) =>
      canvases.map((canvas) => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let painted = 0;
        for (let at = 3; at < data.length; at += 4) if (data[at] > 0) painted += 1;
        return painted / (data.length / 4);
      }),
    );
    assert.equal(colors.length, 3);
    for (const share of colors) assert.ok(share > 0.02, colors);
  });
});

test("tables are sorted by what is asked for, both ways", async () => {
  await withDashboard(still(), async (page) => {
    const names = () => texts(page, "#panel-REQ tbody .name");
    const by = (value) =>
      SERIES.filter(({ kind }) => kind === "REQ")
        .toSorted((a, b) => value(b) - value(a))
        .map(({ name }) => name);
    assert.deepEqual(
      await names(),
      by(({ count }) => count),
    );
    const columns = {
      errors: ({ errorPct }) => errorPct,
      p95: ({ p95Ms }) => p95Ms,
      "total time": ({ count, meanMs }) => count * meanMs,
    };
    for (const [label, value] of Object.entries(columns)) {
      const button = page.locator("#panel-REQ").getByRole("button", { name: label });
      await button.click();
      assert.deepEqual(await names(), by(value), label);
      assert.equal(await button.locator("..").getAttribute("aria-sort"), "descending");
      await button.click();
      assert.equal(await button.locator("..").getAttribute("aria-sort"), "ascending");
      assert.equal((await names()).at(-1), by(value)[0]);
    }
    await page.getByRole("tab", { name: "Statements" }).click();
    await page.locator("#panel-DB").getByRole("button", { name: "rows read" }).click();
    const first = page.locator("#panel-DB tbody tr").first();
    assert.match(await first.textContent(), /^select id, name from items/);
    assert.match(await first.textContent(), /5,630/);
  });
});

test("of many rows the first are shown, all when asked for", async () => {
  const { stats } = viewOf(NOW);
  const series = Array.from({ length: 129 }, (_, n) => ({ ...SERIES[0], name: `/r/${n}`, count: 1000 - n }));
  const metrics = series.map(({ name }) => ({ ...viewOf(NOW).metrics[1], name: `m${name}` }));
  await withDashboard(still({ stats: { ...stats, series }, metrics }), async (page) => {
    const tables = [page.locator("#panel-REQ"), page.locator('section[aria-label="Metrics"]')];
    for (const table of tables) {
      const rows = table.locator("tbody tr");
      assert.equal(await rows.count(), 15);
      await table.getByRole("button", { name: "Show all 129 rows" }).click();
      assert.equal(await rows.count(), 129);
      await table.getByRole("button", { name: "Show fewer" }).click();
      assert.equal(await rows.count(), 15);
    }
    assert.equal(await tables[0].locator("tbody tr").first().locator("a").textContent(), "/r/0");
  });
});

test("a route has a page of its own, with its timeline and its exceptions", async () => {
  await withDashboard(still(), async (page, { url }) => {
    await page.getByRole("link", { name: "/api/orders" }).click();
    assert.equal(await page.locator("h1.title").textContent(), "/api/orders");
    assert.equal(new URL(page.url()).hash, "#REQ/%2Fapi%2Forders");
    const timeline = await (await fetch(`${url}timeline.json?kind=REQ&name=%2Fapi%2Forders`)).json();
    await page.locator('section[aria-label="Requests"]').getByRole("button", { name: "Table" }).click();
    const counts = () =>
      page
        .locator('section[aria-label="Requests"] tbody td:nth-child(2)')
        .allTextContents()
        .then((cells) => cells.map(number).reverse());
    await until(async () => (await counts()).join() === timeline.count.join(), 10_000, "its timeline");
    assert.deepEqual(await texts(page, ".exceptions summary strong"), ["PaymentError"]);
    await page.getByRole("link", { name: "Overview", exact: true }).last().click();
    await page.waitForSelector("#panel-REQ");
  });
});

test("exceptions of one type and route stand together, with message, stack and trace", async () => {
  await withDashboard(still(), async (page) => {
    assert.deepEqual(await texts(page, ".exceptions summary strong"), ["TypeError", "PaymentError"]);
    assert.deepEqual(await texts(page, ".exceptions .chip"), ["× 1 handled", "× 3"]);
    await page.locator(".exceptions summary").nth(1).click();
    const group = page.locator(".exceptions > li").nth(1);
    assert.equal(await group.locator("ol > li").count(), 3);
    assert.match(await group.locator("pre").first().textContent(), /at pay \(src\/pay\.ts:12:9\)\nat fetch/);
    assert.match(
      await group.locator("ol code").first().textContent(),
      /^trace 8c2f4c1d9be04f7a9a1c5b1f0d3e6a72$/,
    );
  });
});

test("metrics, sinks with their losses, and versions side by side", async () => {
  const { counters } = viewOf(NOW);
  const [first, second] = counters.sinks;
  const failing = { ...second, disabled: true, dropped: { ...second.dropped, overflow: 12, rejected: 3 } };
  await withDashboard(still({ counters: { ...counters, sinks: [first, failing] } }), async (page) => {
    const rows = await texts(page, 'section[aria-label="Sinks"] tbody tr');
    assert.deepEqual(rows, [
      "otlp-tracesdelivering11,200900",
      "ndjsondisabled11,2504015overflow 12, rejected 3",
    ]);
    assert.equal(await page.locator("h1").textContent(), "Sink “ndjson” is disabled: it failed too often.");
    assert.equal(await page.locator(".sentence").getAttribute("data-level"), "bad");
    const versions = await texts(page, 'section[aria-label="Versions"] tbody th');
    assert.deepEqual(versions, ["1.4.0", "1.3.9"]);
    const metrics = await texts(page, 'section[aria-label="Metrics"] tbody tr');
    assert.deepEqual(metrics, [
      "ordersplan=pro812 order",
      "queue.depth17",
      "body.size⌀ 500 By890480 By900 By4,100 By",
    ]);
  });
});

test("the sentence says what is not well, the worst first", async () => {
  const view = viewOf(NOW);
  const { count, p95Ms } = view.timeline;
  const cases = [
    [{}, "ok", "All is well."],
    [{ stats: { ...view.stats, errorPct: 1.234 } }, "warn", "1.2 % of requests fail."],
    [{ stats: { ...view.stats, errorPct: 42 } }, "bad", "42 % of requests fail."],
    [{ staleMs: 65_000 }, "warn", "The newest figures are 65 s old."],
    [
      { timeline: { ...view.timeline, p95Ms: p95Ms.map((_, at) => (at >= count.length - 8 ? 200 : 40)) } },
      "warn",
      "p95 is up: 200 ms in the last two minutes, 5 times that of the window before.",
    ],
    [
      {
        alarms: [
          { name: "too slow", kind: "p95", active: true, sinceMs: NOW - 61_000, value: 812, threshold: 500 },
          { name: "quiet", kind: "silence", active: false, value: null, threshold: 60_000 },
        ],
      },
      "bad",
      "Alarm “too slow” has been on for 61 s: p95 812 ms, limit 500 ms.",
    ],
  ];
  for (const [more, level, headline] of cases) {
    await withDashboard(still(more), async (page) => {
      assert.deepEqual(await texts(page, "h1"), [headline]);
      assert.equal(await page.locator(".sentence").getAttribute("data-level"), level);
    });
  }
});

test("what has one name, or differs in a number alone, is shown each by itself", async () => {
  const { counters } = viewOf(NOW);
  const [sink] = counters.sinks;
  const names = ["shop-1", "shop-2", "shop-2", "shop-3"];
  const sinks = names.map((name) => ({ ...sink, name, disabled: true }));
  await withDashboard(still({ counters: { ...counters, sinks } }), async (page) => {
    assert.deepEqual(await texts(page, 'section[aria-label="Sinks"] tbody th'), names);
    const said = [...(await texts(page, "h1")), ...(await texts(page, ".problems li"))];
    assert.deepEqual(
      said,
      names.map((name) => `Sink “${name}” is disabled: it failed too often.`),
    );
  });
});

test("where nothing has happened, it says what will be shown", async () => {
  const zero = { count: 0, errors: 0, rps: 0, errorPct: 0, meanMs: null, maxMs: null };
  const none = { ...zero, p50Ms: null, p90Ms: null, p95Ms: null, p99Ms: null, p999Ms: null };
  const slots = Array(60).fill(0);
  const nulls = Array(60).fill(null);
  const { startMs, stepMs } = timelineOf(NOW);
  const timeline = { startMs, stepMs, count: slots, errors: slots, p50Ms: nulls, p95Ms: nulls, p99Ms: nulls };
  const stats = { ...none, sparkline: { seconds: slots, slots }, series: [] };
  const counters = { ...viewOf(NOW).counters, emitted: 0, sinks: [] };
  const nothing = { stats, timeline, counters, metrics: [], exceptions: [], versions: [], service: {} };
  await withDashboard(still(nothing), async (page) => {
    assert.equal(await page.textContent("h1"), "No requests yet.");
    const shown = await page.$$eval(
      ".empty",
      (nodes) => nodes.filter((node) => node.checkVisibility()).length,
    );
    assert.equal(shown, 5);
    assert.equal((await page.textContent("main")).includes("NaN"), false);
  });
});

test("what looks like markup is text, wherever it comes from", async () => {
  const evil = '<img src=x onerror="globalThis.hacked=1">"\'><script>globalThis.hacked=1</script>';
  const link = "javascript:globalThis.hacked=1";
  const view = viewOf(NOW);
  const named = (name, n) => ({ ...SERIES[n], name });
  const more = {
    service: { name: evil, version: evil },
    stats: { ...view.stats, series: [named(evil, 0), named(link, 1), named(evil, 5), { ...named(evil, 4) }] },
    metrics: [{ name: evil, kind: "gauge", unit: evil, attributes: { [evil]: evil }, value: 1 }],
    exceptions: [
      {
        tsMs: NOW,
        type: evil,
        message: evil,
        stack: evil,
        route: evil,
        method: evil,
        traceId: evil,
        handled: false,
      },
    ],
    versions: [{ ...view.versions[0], version: evil }],
    counters: { ...view.counters, sinks: [{ ...view.counters.sinks[0], name: evil, disabled: true }] },
    alarms: [{ name: evil, kind: "errors", active: true, value: 1, threshold: 0 }],
  };
  await withDashboard(still(more), async (page) => {
    for (const tab of ["Functions", "Statements", "Routes"])
      await page.getByRole("tab", { name: tab }).click();
    await page.locator(".exceptions summary").click();
    const body = await page.textContent("body");
    assert.ok(body.split(evil).length > 12, `${body.split(evil).length}`);
    assert.equal(
      await page.title(),
      `${evil} · Alarm “${evil}” is on: errors 1 %, limit 0 %.`.replaceAll(" %", "\u202f%"),
    );
    await page.getByRole("link", { name: "globalThis.hacked=1" }).last().click();
    await page.waitForSelector("h1.title");
    await page.goBack();
    await page.waitForSelector("#panel-REQ");
    await page.locator("#panel-REQ tbody a").first().click();
    await page.waitForSelector("h1.title");
    assert.equal(await page.evaluate(() => globalThis.hacked), undefined);
    assert.equal(await page.locator("main img, main script, body > script").count(), 0);
  });
});

test("it is usable at 360 px: nothing is wider than the screen, tables scroll by themselves", async () => {
  const settings = { viewport: { width: 360, height: 700 }, hasTouch: true };
  await withDashboard(
    still(),
    async (page) => {
      const width = () => page.evaluate(() => document.documentElement.scrollWidth);
      assert.equal(await width(), 360);
      await page.getByRole("tab", { name: "Statements" }).tap();
      await page.locator(".exceptions summary").nth(1).tap();
      assert.equal(await width(), 360);
      const scrolled = await page.locator("#panel-DB .scroll").evaluate((region) => {
        region.scrollLeft = 10_000;
        return region.scrollLeft + region.clientWidth === region.scrollWidth && region.scrollLeft > 0;
      });
      assert.ok(scrolled, "what is cut off can be reached");
      await page.getByRole("tab", { name: "Routes" }).tap();
      await page.getByRole("link", { name: "/api/orders" }).tap();
      await page.waitForSelector("h1.title");
      assert.equal(await width(), 360);
    },
    { settings },
  );
});

test("the keyboard reaches everything, and moves the cursor of the charts", async () => {
  await withDashboard(still(), async (page) => {
    const focused = () =>
      page.evaluate(() => {
        const { tagName, role, textContent, ariaLabel } = document.activeElement;
        return `${role ?? tagName} ${ariaLabel ?? textContent}`.trim();
      });
    const seen = [];
    for (let n = 0; n < 60 && seen.at(-1) !== "A metrics"; n += 1) {
      await page.keyboard.press("Tab");
      seen.push(await focused());
    }
    for (const wanted of [
      "BUTTON Theme: auto",
      "slider Requests, cursor",
      "BUTTON Table",
      "tab Routes 4",
      "BUTTON total time",
      "A /api/orders",
      "SUMMARY",
      "A stats.json",
    ]) {
      assert.ok(
        seen.some((name) => name.startsWith(wanted)),
        `${wanted}: ${seen.join("\n")}`,
      );
    }
    const slider = page.getByRole("slider", { name: "Requests, cursor" });
    await slider.focus();
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    assert.equal(await slider.getAttribute("aria-valuenow"), "57");
    const { count, startMs, stepMs } = timelineOf(NOW);
    const [shown] = await texts(page, 'section[aria-label="Requests"] .legend b');
    assert.equal(Number.parseFloat(shown), Number((count[57] / 15).toFixed(1)));
    const time = new Date(startMs + 57 * stepMs).toTimeString().slice(0, 8);
    assert.deepEqual(await texts(page, ".chart-time"), [time, time, time]);
    await page.keyboard.press("Home");
    assert.equal(await slider.getAttribute("aria-valuenow"), "0");
    await page.keyboard.press("Escape");
    assert.deepEqual(await texts(page, ".chart-time"), ["", "", ""]);
    await page.getByRole("tab", { name: "Routes" }).focus();
    await page.keyboard.press("ArrowRight");
    assert.equal(await focused(), "tab Functions 1");
  });
});

test("axe has nothing to say, of the overview, a table, a route's page, dark and light, and the login", async () => {
  const axe = readFileSync(join(root, "node_modules", "axe-core", "axe.min.js"), "utf8");
  const check = async (page, what) => {
    // As a debugger would: the page's own policy lets no script in.
    await page.evaluate(axe);
    const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    const told = found.violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("\n")}`,
    );
    assert.deepEqual(told, [], what);
  };
  for (const colorScheme of ["dark", "light"]) {
    await withDashboard(
      still({ stats: { ...viewOf(NOW).stats, errorPct: 7 } }),
      async (page) => {
        await check(page, `overview, ${colorScheme}`);
        await page.locator('section[aria-label="Latency"]').getByRole("button", { name: "Table" }).click();
        await page.locator(".exceptions summary").nth(1).click();
        await check(page, `tables, ${colorScheme}`);
        await page.getByRole("link", { name: "/api/orders" }).click();
        await page.waitForSelector("h1.title");
        await check(page, `route, ${colorScheme}`);
      },
      { settings: { colorScheme } },
    );
  }
  const site = await serve(still(), { token: "t" });
  try {
    await withPage(async (page) => {
      await page.goto(site.url);
      await check(page, "login");
    });
  } finally {
    await site.stop();
  }
});

test("the theme is the system's until another is chosen, and stays", async () => {
  const background = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await withDashboard(
    still(),
    async (page, { url }) => {
      const dark = await background(page);
      const button = page.getByRole("button", { name: "Theme" });
      await button.click();
      assert.notEqual(await background(page), dark);
      await open(page, url);
      assert.notEqual(await background(page), dark);
      await button.click();
      assert.equal(await background(page), dark);
    },
    { settings: { colorScheme: "dark" } },
  );
});

test("a source that keeps a day shows it when asked", async () => {
  const day = timelineOf(NOW, { slots: 1440, stepMs: 60_000 });
  await withDashboard(still({ day }), async (page) => {
    await page.getByRole("button", { name: "24 h" }).click();
    assert.equal(await page.getByRole("slider").first().getAttribute("aria-valuemax"), "1439");
    await page.getByRole("button", { name: "15 min" }).click();
    assert.equal(await page.getByRole("slider").first().getAttribute("aria-valuemax"), "59");
  });
});

test("over a hub it asks again every 5 s, and only while it is seen", async () => {
  let asked = 0;
  const source = fixture((nowMs) => {
    asked += 1;
    return viewOf(nowMs, { service: { name: `asked ${asked}` } });
  });
  await withDashboard(source, async (page) => {
    const show = (state) =>
      page.evaluate((value) => {
        Object.defineProperty(document, "visibilityState", { value, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      }, state);
    const shown = (n) =>
      page.waitForFunction((wanted) => {
        const [, shown] = document.querySelector(".service").textContent.split(" ");
        return Number(shown) >= wanted;
      }, n);
    /** What was asked before has come by then. */
    const settled = () => page.evaluate(() => fetch("metrics").then((response) => response.text()));
    await page.clock.install();
    const first = asked;
    await show("visible");
    await shown(first + 1);
    await page.clock.fastForward(5000);
    await shown(first + 2);
    await show("hidden");
    await settled();
    const before = asked;
    await page.clock.fastForward(5000);
    await settled();
    assert.equal(asked, before);
    await show("visible");
    await shown(before + 1);
  });
});

test("one logs in by the form, and out again; a wrong token is told", async () => {
  const site = await serve(still(), { token: "s3cret" });
  try {
    await withPage(async (page) => {
      await page.goto(site.url);
      await page.getByLabel("Token").fill("wrong");
      await page.getByRole("button", { name: "Log in" }).click();
      assert.equal(await page.getByRole("alert").textContent(), "This token is wrong.");
      await page.getByLabel("Token").fill("s3cret");
      await page.keyboard.press("Enter");
      await page.waitForSelector("main:not([hidden]) .plot canvas");
      assert.equal(page.url(), site.url);
      assert.equal(await page.evaluate(() => document.cookie), "");
      await page.getByRole("button", { name: "Log out" }).click();
      await page.getByLabel("Token").waitFor();
      for (let n = 0; n < 10; n += 1) {
        await page.getByLabel("Token").fill(`wrong ${n}`);
        await page.keyboard.press("Enter");
        await page.getByRole("alert").waitFor();
      }
      assert.match(
        await page.getByRole("alert").textContent(),
        /^Too many wrong tokens\. Try again in \d+ s\.$/,
      );
    });
  } finally {
    await site.stop();
  }
});

/** A proxy that has the dashboard under `prefix`, and knows nothing of it. */
async function startProxy(target, prefix) {
  const server = createServer((request, response) => {
    const { method, headers } = request;
    const path = request.url.replace(prefix, "/tide");
    const forwarded = { ...headers, host: new URL(target).host, "x-forwarded-host": headers.host };
    const onward = httpRequest(`${target}${path}`, { method, headers: forwarded }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${server.address().port}${prefix}`, stop };
}

for (const [prefix, opened] of [
  ["/ops/tide", "/ops/tide"],
  ["/ops/shop", "/ops/shop/"],
]) {
  test(`behind a proxy under ${prefix} it works as it stands: login, files, figures, logout`, async () => {
    const site = await serve(still(), { token: "s3cret" });
    const proxy = await startProxy(site.origin, prefix);
    try {
      await withPage(async (page) => {
        await page.goto(new URL(opened, proxy.url).href);
        assert.equal(page.url(), `${proxy.url}/`);
        await page.getByLabel("Token").fill("s3cret");
        await page.keyboard.press("Enter");
        await page.waitForSelector("main:not([hidden]) .plot canvas");
        assert.equal(page.url(), `${proxy.url}/`);
        const [cookie] = await page.context().cookies();
        assert.deepEqual([cookie.path, cookie.httpOnly, cookie.sameSite], [prefix, true, "Strict"]);
        await page.getByRole("link", { name: "/api/orders" }).click();
        await page.waitForSelector("h1.title");
        await page.getByRole("button", { name: "Log out" }).click();
        await page.getByLabel("Token").waitFor();
        assert.deepEqual(await page.context().cookies(), []);
      });
    } finally {
      await proxy.stop();
      await site.stop();
    }
  });
}
