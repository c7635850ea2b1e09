// A real Prometheus scrapes the hub: its counters never fall, whatever isolates and hubs end.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { freePort, until } from "../../tools/receiver.mjs";
import { TOKEN, withHub } from "./_hub.mjs";
import { makeIsolate } from "./_isolate.mjs";

const HOUR = 3_600_000;

/** Runs `play` with a Prometheus that scrapes the hub; `ask` sends it a query, `target` moves it to another address. */
async function withPrometheus(target, play) {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-hub-prometheus-"));
  const targets = join(folder, "targets.json");
  const moveTo = (url) => {
    const groups = [{ targets: [new URL(url).host], labels: { instance: "hub" } }];
    // Prometheus reads it when it changes, and must not find half of it.
    writeFileSync(`${targets}.new`, JSON.stringify(groups));
    renameSync(`${targets}.new`, targets);
  };
  moveTo(target);
  const job = `{ job_name: tidegate, metrics_path: /hub, authorization: { credentials: ${TOKEN} }, file_sd_configs: [{ files: ["${targets}"], refresh_interval: 1s }] }`;
  writeFileSync(
    join(folder, "prometheus.yml"),
    `global: { scrape_interval: 250ms }\nscrape_configs: [${job}]\n`,
  );
  const address = `127.0.0.1:${await freePort()}`;
  const args = [
    `--config.file=${join(folder, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
  ];
  const child = spawn("prometheus", [...args, `--web.listen-address=${address}`, "--log.level=error"], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const exited = once(child, "exit");
  const ask = async (query) => {
    const url = `http://${address}/api/v1/query?query=${encodeURIComponent(query)}`;
    const { data } = await (await fetch(url)).json();
    return data.result;
  };
  try {
    await play({ ask, moveTo });
  } finally {
    child.kill("SIGKILL");
    await exited;
    rmSync(folder, { recursive: true, force: true });
  }
}

test("promtool finds nothing to object to", async () => {
  await withHub({}, async (hub) => {
    const isolate = makeIsolate(1, { service: 'a "shop" \\ of\nours' });
    for (let n = 0; n < 100; n += 1)
      isolate.req(`/odd "route" \\ ${n % 3}\n`, Date.now(), n + 1, n % 10 === 0);
    await hub.push(isolate.cut(Date.now()));
    const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
      input: await hub.metrics(),
      encoding: "utf8",
    });
    assert.equal(stdout + stderr, "");
    assert.equal(status, 0);
    const open = await hub.metrics("application/openmetrics-text");
    assert.match(open, /# EOF\n$/);
    assert.match(open, /# TYPE orders counter/);
    assert.match(open, /# TYPE target info/);
  });
});

test("isolates begin and end, engines are reset, the hub is killed: no counter falls", async () => {
  await withHub({}, async (hub) => {
    await withPrometheus(hub.worker.url, async ({ ask, moveTo }) => {
      const value = async (query) => Number((await ask(query).catch(() => []))[0]?.value[1] ?? Number.NaN);
      let [number, requests] = [0, 0];
      let skewMs = 48 * HOUR;
      await hub.clock(skewMs);
      for (let round = 0; round < 4; round += 1) {
        // A reset of an engine, too, is an isolate that ends and another that begins at 0.
        const isolates = Array.from({ length: 3 }, () => makeIsolate((number += 1)));
        for (let step = 0; step < 5; step += 1) {
          for (const isolate of isolates) {
            for (let n = 0; n < 10; n += 1) isolate.req("/", Date.now() + skewMs, 3 + n * 40, n === 0);
            requests += 10;
            assert.equal(await hub.push(isolate.cut(Date.now() + skewMs)), 200);
          }
        }
        const isScraped = async () => (await value("tidegate_events_accepted_total")) === requests;
        await until(isScraped, 30_000, `a scrape of ${requests} requests`);
        assert.equal(await value("http_server_request_duration_seconds_count"), requests);
        assert.equal(await value("orders_total"), requests);
        // They are forgotten, an hour later.
        skewMs += 1.1 * HOUR;
        await hub.clock(skewMs);
        await hub.alarm();
        if (round % 2 === 0) await hub.evict();
        else {
          await hub.restart();
          await hub.clock(skewMs);
          moveTo(hub.worker.url);
        }
      }
      await until(
        async () => (await value("tidegate_hub_isolates")) === 0,
        30_000,
        "a scrape after the last restart",
      );
      const counters = '{job="tidegate", __name__=~".+_(total|bucket|count|sum)"}';
      assert.ok((await ask(counters)).length > 30);
      const names = (await ask(`group by (__name__) (${counters})`)).map(({ metric }) => metric.__name__);
      assert.ok(names.length > 12, names);
      for (const name of names)
        assert.deepEqual(await ask(`resets(${name}{job="tidegate"}[10m]) > 0`), [], name);
      const quantile = "histogram_quantile(0.5, http_server_request_duration_seconds_bucket)";
      assert.ok(Math.abs((await value(quantile)) - 0.2) < 0.06, String(await value(quantile)));
    });
  });
});
