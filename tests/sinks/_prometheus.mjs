// A real Prometheus server that scrapes a collector every second, with the token s3cret.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { metricsHandler } from "../../pkg/dist/inline.js";
import { freePort, until } from "../../tools/receiver.mjs";

const TOKEN = "s3cret";

/** Starts it; resolves when it has scraped. `ask` evaluates a query now, `series` over a time, each with its labels. */
export async function startPrometheus(tide) {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-prometheus-"));
  const stops = [];
  const stop = async () => {
    for (const end of stops.reverse()) await end();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const target = await serveMetrics(tide, stops);
    const address = await startServer(folder, target, stops);
    const get = async (path, query) => {
      const response = await fetch(`http://${address}/api/v1/${path}?${new URLSearchParams(query)}`);
      const { data, error } = await response.json();
      if (data === undefined) throw new Error(error);
      return data.result;
    };
    const ask = async (query) =>
      (await get("query", { query })).map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    const series = async (query, start, end) =>
      (await get("query_range", { query, start, end, step: 1 })).map(({ metric, values }) => ({
        metric,
        values: values.map(([, value]) => Number(value)),
      }));
    const isUp = async () => (await ask("up").catch(() => []))[0]?.value === 1;
    await until(isUp, 30_000, "a scrape by Prometheus");
    return { ask, series, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Prometheus asks for OpenMetrics. */
async function serveMetrics(tide, stops) {
  const metrics = metricsHandler(tide, { token: TOKEN });
  const server = createServer(async ({ headers }, response) => {
    const answer = await metrics(new Request("http://host.example/metrics", { headers }));
    assert.match(answer.headers.get("content-type"), /openmetrics/);
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(await answer.text());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stops.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `127.0.0.1:${server.address().port}`;
}

async function startServer(folder, target, stops) {
  const config = join(folder, "prometheus.yml");
  const scrape = `{ job_name: tidegate, authorization: { credentials: ${TOKEN} }, static_configs: [{ targets: ["${target}"] }] }`;
  writeFileSync(config, `global: { scrape_interval: 1s }\nscrape_configs: [${scrape}]\n`);
  const address = `127.0.0.1:${await freePort()}`;
  const args = [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, "data")}`];
  args.push(`--web.listen-address=${address}`, "--log.level=error");
  const child = spawn("prometheus", args, { stdio: ["ignore", "inherit", "inherit"] });
  const exited = once(child, "exit");
  stops.push(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  return address;
}
