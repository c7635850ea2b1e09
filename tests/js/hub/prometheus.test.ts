/** A scrape of the hub is the sum of the scrapes of its collectors. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pushOf } from "../../../js/hub/figures/push.ts";
import { checkedOptions } from "../../../js/hub/object/options.ts";
import { State } from "../../../js/hub/object/state.ts";
import { prometheusText } from "../../../js/hub/read/prometheus.ts";
import { Whole } from "../../../js/hub/read/whole.ts";
import type { BytesSink, Collector } from "../../../js/types/index.ts";
import { simulated } from "../_engine.ts";

/** Collectors that push to a hub, and the hub's text. */
function service(isolates: number) {
  const state = new State(checkedOptions({}));
  const made = Array.from({ length: isolates }, () => {
    const sink: BytesSink = {
      name: "hub",
      format: "stats",
      send: (bytes, { batchId }) => state.add(pushOf(bytes, batchId), nowMs()),
    };
    return simulated({ sinks: [sink], service: { name: "shop" }, labels: ["tenant"] });
  });
  const nowMs = () => (made[0] as (typeof made)[0]).host.nowMs;
  // Who reads it counts all requests.
  for (const { tide } of made) tide.metricsText();
  const scrape = (openMetrics: boolean) => {
    const head = { nowMs: nowMs(), isolates: { live: isolates, maxSkewMs: 0 }, rules: [], alarms: [] };
    return prometheusText(new Whole([state.service.toBytes(head)]), openMetrics);
  };
  return { tides: made.map(({ tide }) => tide), nowMs, scrape };
}

type Samples = Map<string, number>;

/** Samples by name and labels, in the order of their names. An empty label is none. */
function samplesOf(text: string): Samples {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const samples: Samples = new Map();
  for (const line of lines) {
    const [, name = "", labels = "", value] = /^([A-Za-z_:]\w*)(?:\{(.*)\})? (\S+)$/s.exec(line) ?? [];
    const pairs = labels.match(/\w+="(?:[^"\\]|\\.)*"/gs) ?? [];
    const key = `${name}{${pairs
      .filter((pair) => !pair.endsWith('=""'))
      .sort()
      .join(",")}}`;
    assert.ok(!samples.has(key), `twice: ${key}`);
    samples.set(key, Number(value));
  }
  return samples;
}

const typesOf = (text: string) => text.match(/^# (TYPE|HELP) .*$/gm) ?? [];

/** A window is no sum, a hub has figures of its own, and sinks there have no index. */
const isSummed = (line: string) => !/tidegate_(window|hub|sink)_/.test(line);

function assertSum(texts: readonly string[], hub: string): void {
  const sum: Samples = new Map();
  for (const text of texts) {
    for (const [key, value] of samplesOf(text)) {
      if (key.startsWith("target_info{")) sum.set(key, value);
      else if (isSummed(key)) sum.set(key, (sum.get(key) ?? 0) + value);
    }
  }
  const got = new Map([...samplesOf(hub)].filter(([key]) => isSummed(key)));
  assert.deepEqual([...got.keys()].sort(), [...sum.keys()].sort());
  for (const [key, value] of sum) {
    const near = Math.abs((got.get(key) as number) - value) <= 1e-9 * Math.abs(value);
    assert.ok(near, `${key}: ${got.get(key)}, in the collectors ${value}`);
  }
  const families = new Set(texts.flatMap(typesOf).filter(isSummed));
  const collectors = "Events given to the collector.";
  const wanted = [...families].map((line) => line.replace(collectors, "Events given to the collectors."));
  assert.deepEqual(typesOf(hub).filter(isSummed).sort(), wanted.sort());
}

/** No duration at a bound of a bucket. */
function traffic(tide: Collector, nowMs: number, seed: number): void {
  for (let n = 0; n < 60; n += 1) {
    const status = [200, 404, 500, 503][n % 4] as number;
    const durationMs = n % 3 === 0 ? undefined : 2 + n * 7.3;
    const error = n % 8 === 2 ? new TypeError("no") : undefined;
    tide.req(`/r/${(n + seed) % 5}`, n % 2 ? "GET" : "POST", status, nowMs - 500, durationMs, error);
  }
  tide.req("/labels", "GET", 200, nowMs);
  tide.enqueue({
    kind: "REQ",
    route: "/labels",
    method: "GET",
    status: 200,
    startMs: nowMs,
    attributes: { tenant: "a" },
  });
}

/** The same numbers in all, for a histogram shows the buckets that it has. */
function metrics(tide: Collector, seed: number): void {
  tide.counter("orders", { unit: "{order}", description: 'those "paid"\nin full' }).add(2, { plan: "pro" });
  tide.counter("sent.total", { unit: "By" }).add(seed);
  tide.counter("constructed", { unit: "constructor" }).add(1);
  tide.histogram("flow", { unit: "By/s" }).record(3, { le: "x", instance: "y", "1a": "z", __name__: "n" });
  const twins = tide.counter("twins");
  twins.add(1, { a: 1, empty: "" });
  twins.add(2, { a: "1" });
  twins.add(4, { a: 1, "ab.c": true, ab_c: false });
  tide.histogram("h").record(7.5);
  tide.counter("h.count").add(1);
  tide.counter("h.count.total").add(1);
  tide.counter("target.info").add(1);
  tide.counter("http.server.requests").add(1);
  const change = tide.histogram("change", { unit: "1" });
  for (const value of [-3.3, 0, 0.7]) change.record(value);
}

test("requests with and without duration, errors and labels: the hub says what its collectors say", async () => {
  const { tides, nowMs, scrape } = service(3);
  for (const [seed, tide] of tides.entries()) {
    traffic(tide, nowMs(), seed);
    await tide.flush();
    traffic(tide, nowMs(), seed + 1);
    metrics(tide, seed + 1);
    await tide.flush();
  }
  for (const openMetrics of [false, true]) {
    const texts = tides.map((tide) => tide.metricsText({ openMetrics }));
    assertSum(texts, scrape(openMetrics));
  }
  assert.match(scrape(false), /^http_server_requests_total\{.*http_route="\/labels".*tenant="a".*\} 6$/m);
});
