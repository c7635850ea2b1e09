// metricsText() as Prometheus itself sees it: its own linter, and a real server that scrapes it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createCollector, memorySink } from "../../pkg/dist/inline.js";
import { root } from "../../tools/env.mjs";
import { startPrometheus } from "./_prometheus.mjs";

const NOW_MS = 1_750_000_000_000;
const failing = { name: 'odd "name" \\ with\nlines', format: "ndjson", send: () => "fatal" };
// The clock stands still: what is scraped and what is asked for are the same moment.
const tide = createCollector({
  sinks: [memorySink(), failing],
  sampling: { rate: 0.5, seed: 1, exclude: ["/health"] },
  clock: () => NOW_MS,
  ...{ autoTick: false, handleSignals: false },
});
for (let n = 0; n < 500; n += 1) {
  tide.req(`/items/:${n % 4}`, "GET", n % 50 === 0 ? 500 : 200, NOW_MS - 60_000 + n, 1 + (n % 97));
}
tide.req("/health", "GET", 200, NOW_MS - 1000, 1);
tide.req('/quote"back\\slash\nline größe', "GET", 200, NOW_MS - 1000, 7);
tide.fn("resize", NOW_MS - 1000, 5);
tide.db("select a from b where c = 1", NOW_MS - 1000, 5);
tide.counter("orders", { unit: "{order}" }).add(7, { plan: "pro" });
for (const size of [1, 2, 3]) tide.histogram("size", { unit: "By" }).record(size);
await tide.flush();

test("promtool finds nothing to object to", () => {
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
    input: tide.metricsText(),
    encoding: "utf8",
  });
  assert.equal(stdout + stderr, "");
  assert.equal(status, 0);
});

test("a real Prometheus scrapes it, and its answers are the snapshot's and the counters'", async (t) => {
  const { ask, stop } = await startPrometheus(tide);
  t.after(stop);
  const [counters, stats] = [tide.counters(), tide.stats()];
  const single = async (query, wanted) => {
    const answers = await ask(query);
    assert.equal(answers.length, 1, `${query}: ${JSON.stringify(answers)}`);
    assert.equal(answers[0].value, wanted, query);
  };
  await single("tidegate_events_emitted_total", counters.emitted);
  await single("tidegate_events_accepted_total", counters.accepted);
  await single("tidegate_events_sampled_out_total", counters.sampledOut);
  await single("tidegate_events_excluded_total", 1);
  for (const [at, sink] of counters.sinks.entries()) {
    await single(`tidegate_sink_events_delivered_total{index="${at}"}`, sink.delivered);
    await single(`sum(tidegate_sink_events_dropped_total{index="${at}"})`, sink.dropped.rejected);
  }
  const named = await ask('tidegate_sink_events_accepted_total{index="1"}');
  assert.equal(named[0].metric.sink, failing.name);

  const rows = [{ kind: "ALL", name: "ALL", ...stats }, ...stats.series];
  assert.ok(rows.length >= 8);
  for (const row of rows) {
    const labels = `{kind="${row.kind}",name=${JSON.stringify(row.name)}}`;
    await single(`tidegate_window_events${labels}`, row.count);
    await single(`tidegate_window_errors${labels}`, row.errors);
    await single(`tidegate_window_events_per_second${labels}`, row.rps);
    for (const [q, ms] of [
      ["0.5", row.p50Ms],
      ["0.95", row.p95Ms],
      ["0.999", row.p999Ms],
    ]) {
      await single(`tidegate_window_duration_seconds${labels.replace("}", `,q="${q}"}`)}`, ms / 1000);
    }
  }
  await single("count(tidegate_window_events)", rows.length);

  const durations = Array.from({ length: 500 }, (_, n) => 1 + (n % 97));
  for (const le of [5, 10, 25, 50, 75, 100, 250]) {
    const labels = `http_route=~"/items/.*",le=~"${le / 1000}(.0)?"`;
    const wanted = durations.filter((ms) => ms <= le).length;
    await single(`sum(http_server_request_duration_seconds_bucket{${labels}})`, wanted);
  }
  await single('sum(http_server_requests_total{http_response_status_code="500"})', 10);
  await single('orders_total{plan="pro"}', 7);
  await single('size_bytes_bucket{le=~"2(.0)?"}', 2);
});

test("the alert rules are valid, and ask for what a scrape has, as the dashboard does", async () => {
  const rules = join(root, "docs", "prometheus", "alerts.yml");
  const { status, stderr } = spawnSync("promtool", ["check", "rules", rules], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  const { panels } = JSON.parse(readFileSync(join(root, "docs", "prometheus", "grafana.json"), "utf8"));
  const queries = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  queries.push(
    ...[...readFileSync(rules, "utf8").matchAll(/expr: (?:\|\n)?([\s\S]*?)\n {8}(?:for|labels)/g)].map(
      ([, expr]) => expr,
    ),
  );
  assert.equal(queries.length, 13);
  const known = new Set(tide.metricsText().match(/^[a-z_]+(?=[{ ])/gm));
  for (const query of queries) {
    for (const [name] of query.matchAll(/\b(?:http_server|tidegate)_\w+/g)) assert.ok(known.has(name), name);
  }
});
