// What a scrape reads, checked by promtool and by a real Prometheus where there is one.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { createCollector, metricsHandler } from "../../pkg/dist/inline.js";
import { which } from "../../tools/env.mjs";

const DURATIONS = [
  0, 1, 5, 5.001, 10, 30, 75, 99, 100, 250, 400, 500, 1000, 1001, 2500, 7500, 10_000, 10_001, 60_000,
];
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

function driven() {
  const tide = createCollector({ service: { name: "shop" }, labels: ["tenant"] });
  const now = Date.now();
  for (const ms of DURATIONS) tide.req("/a", "GET", 200, now - ms, ms);
  for (let n = 0; n < 300; n += 1)
    tide.req("/a", n % 2 === 0 ? "POST" : "PUT", n % 3 === 0 ? 500 : 201, now, 3);
  tide.req("/unknown", "GET", 200, now);
  tide.enqueue({
    kind: "REQ",
    route: "/l",
    method: "GET",
    status: 200,
    startMs: now,
    durationMs: 3,
    attributes: { tenant: 'a"b\\c\nd' },
  });
  tide
    .counter("orders", { unit: "{order}", description: 'Orders "paid".\nAll.' })
    .add(3, { plan: "pro", "shop.id": 7 });
  tide.gauge("queue.depth").record(-17.5);
  const size = tide.histogram("body.size", { unit: "By" });
  for (const value of [0, 1, 2, 3, 1000, -1]) size.record(value, { plan: "pro" });
  return tide;
}

const value = (text, sample) => {
  const line = text.split("\n").find((each) => each.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length + 1));
};

test("buckets, counters and metrics of the program are exact", () => {
  const text = driven().metricsText();
  const labels = 'http_request_method="GET",http_route="/a",http_response_status_code="200"';
  for (const bound of BOUNDS) {
    const sample = `http_server_request_duration_seconds_bucket{${labels},le="${bound}"}`;
    assert.equal(value(text, sample), DURATIONS.filter((ms) => ms <= bound * 1000).length, sample);
  }
  assert.equal(
    value(text, `http_server_request_duration_seconds_bucket{${labels},le="+Inf"}`),
    DURATIONS.length,
  );
  assert.equal(value(text, `http_server_request_duration_seconds_count{${labels}}`), DURATIONS.length);
  const sum = value(text, `http_server_request_duration_seconds_sum{${labels}}`);
  assert.ok(Math.abs(sum * 1000 - DURATIONS.reduce((a, b) => a + b)) < 1e-6);
  const post = (status) =>
    `http_server_requests_total{http_request_method="POST",http_route="/a",http_response_status_code="${status}"}`;
  assert.deepEqual([value(text, post(500)), value(text, post(201))], [50, 100]);
  assert.equal(
    value(
      text,
      'http_server_requests_total{http_request_method="GET",http_route="/unknown",http_response_status_code="200"}',
    ),
    1,
  );
  assert.match(text, /http_server_requests_total\{[^}]*http_route="\/l"[^}]*,tenant="a\\"b\\\\c\\nd"\} 1\n/);
  assert.equal(value(text, 'orders_total{plan="pro",shop_id="7"}'), 3);
  assert.equal(value(text, "queue_depth"), -17.5);
  for (const [le, count] of [
    ["0", 2],
    ["1", 3],
    ["2", 4],
    ["4", 5],
    ["1024", 6],
    ["+Inf", 6],
  ]) {
    assert.equal(value(text, `body_size_bytes_bucket{plan="pro",le="${le}"}`), count, le);
  }
  assert.match(text, /^tidegate_events_emitted_total 321$/m);
});

test("promtool finds nothing to correct", { skip: which("promtool") === null }, () => {
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
    input: driven().metricsText(),
    encoding: "utf8",
  });
  const known = /no help text|non-histogram|should not include/;
  assert.ok(
    status === 0 ||
      (status === 3 &&
        `${stdout}${stderr}`
          .trim()
          .split("\n")
          .every((line) => known.test(line))),
    `${status}\n${stdout}${stderr}`,
  );
});

/** Instruments whose names and attributes mean something else to Prometheus. */
const HOSTILE = {
  "a label of buckets": (tide) => tide.histogram("h").record(1, { le: "x" }),
  "a reserved label": (tide) => tide.counter("c").add(1, { __name__: "x" }),
  "a label of the target": (tide) => tide.counter("c").add(1, { instance: "x" }),
  "a key without a text": (tide) => tide.counter("c").add(1, { "": "x" }),
  "numbers and texts": (tide) => [1, "1"].map((a) => tide.counter("c").add(1, { a })),
  "keys with one label": (tide) => ["a.b", "a_b"].map((key) => tide.counter("c").add(1, { [key]: "x" })),
  "an empty value": (tide) => [{}, { a: "" }].map((set) => tide.histogram("h").record(1, set)),
  "a counter that ends with total": (tide) => tide.counter("subtotal").add(1),
  "names of samples": (tide) => {
    tide.histogram("h").record(1);
    tide.gauge("h.count").record(1);
  },
  "samples of a name": (tide) => {
    tide.gauge("h.bucket").record(1);
    tide.histogram("h").record(1);
  },
  "the names of requests": (tide) => {
    tide.req("/a", "GET", 200, Date.now(), 1);
    tide.gauge("http.server.request.duration.seconds.sum").record(1);
  },
  "the name of the target": (tide) => tide.gauge("target.info").record(1),
  "a sample of OpenMetrics": (tide) => {
    tide.counter("a").add(1);
    tide.gauge("a.created").record(1);
  },
  "one family of OpenMetrics": (tide) => {
    tide.counter("a.b").add(1);
    tide.gauge("a_b").record(1);
  },
};

test("in OpenMetrics a histogram of negative numbers has no sum, which would fall", () => {
  const tide = createCollector({});
  tide.histogram("h").record(-5);
  const names = (options) => tide.metricsText(options).match(/^h_\w+/gm);
  assert.deepEqual(names({ openMetrics: true }), ["h_bucket", "h_bucket"]);
  assert.deepEqual(names({}), ["h_bucket", "h_bucket", "h_sum", "h_count"]);
});

for (const [what, record] of Object.entries(HOSTILE)) {
  test(`Prometheus takes ${what}`, () => {
    const tide = createCollector({ resource: { instance: "i", region: "eu" } });
    record(tide);
    for (const options of [{}, { perIsolate: true }, { openMetrics: true }]) {
      const text = tide.metricsText(options);
      const lines = text.split("\n").filter((line) => line !== "");
      const samples = lines.filter((line) => line[0] !== "#").map((line) => line.replace(/ \S+$/, ""));
      assert.deepEqual(samples, [...new Set(samples)], "no sample twice");
      const types = lines.filter((line) => line.startsWith("# TYPE")).map((line) => line.split(" ")[2]);
      if (options.openMetrics) assert.ok(!types.includes("a") || !types.includes("a_created"));
      assert.deepEqual(types, [...new Set(types)], "no family twice");
      if (which("promtool") === null || options.openMetrics) continue;
      const { status, stderr } = spawnSync("promtool", ["check", "metrics"], {
        input: text,
        encoding: "utf8",
      });
      assert.ok(status === 0 || !/parsing error|should have "_total"/.test(stderr), stderr);
    }
  });
}

test("only who may scrape gets an answer", async () => {
  const tide = driven();
  const ask = async (options, headers = {}) => {
    const response = await metricsHandler(
      tide,
      options,
    )(new Request("http://h.example/metrics", { headers }));
    return [response.status, response.headers.get("content-type"), await response.text()];
  };
  for (const options of [undefined, {}, { token: "" }, { public: false }, { perIsolate: true }]) {
    assert.equal((await ask(options))[0], 404, JSON.stringify(options));
  }
  const token = "s3cret";
  for (const authorization of [
    "",
    "s3cret",
    "Bearer",
    "Bearer s3cre",
    "Bearer s3crets",
    "Basic s3cret",
    "bearer  s3cret",
  ]) {
    assert.equal((await ask({ token }, { authorization }))[0], 401, authorization);
  }
  assert.equal((await ask({ token }, { authorization: "Bearer s3cret" }))[0], 200);
  const throwing = () => {
    throw new Error("no");
  };
  for (const [authorize, status] of [
    [() => true, 200],
    [async () => true, 200],
    [() => false, 401],
    [() => 1, 401],
    [throwing, 401],
    [async () => throwing(), 401],
  ]) {
    assert.equal((await ask({ authorize }))[0], status);
  }
  const [, type, text] = await ask({ public: true });
  assert.match(type, /^text\/plain; version=0\.0\.4/);
  assert.ok(!text.includes("instance="));
  const [, open, answer] = await ask(
    { public: true, perIsolate: true },
    { accept: "application/openmetrics-text;version=1.0.0,text/plain;q=0.5" },
  );
  assert.match(open, /^application\/openmetrics-text; version=1\.0\.0/);
  assert.ok(answer.endsWith("# EOF\n") && /^# TYPE orders counter\norders_total\{/m.test(answer));
  const samples = answer.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  for (const line of samples) assert.match(line, /instance="[0-9a-f]{16}"\} /);
  for (const [options, code] of [
    [{ token: 5 }, "type"],
    [{ authorize: true }, "type"],
    [{ public: 1 }, "type"],
    [{ perIsolate: "yes" }, "type"],
    [{ tokens: "x" }, "unknown-option"],
  ]) {
    const message = new RegExp(`^metricsHandler\\.${Object.keys(options)[0]} `);
    assert.throws(() => metricsHandler(tide, options), { code: `config/${code}`, message });
  }
});
