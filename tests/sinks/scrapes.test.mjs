// Requests of known durations at a steady rate, scraped every second by a real Prometheus: every bucket is exact, and
// rate() is right. `npm test -- scrapes` takes two minutes for it, the suite of sinks half a minute.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createCollector, memorySink } from "../../pkg/dist/inline.js";
import { until } from "../../tools/receiver.mjs";
import { startPrometheus } from "./_prometheus.mjs";

const SECONDS = Number(process.env.SCRAPE_SECONDS ?? 30);
const PER_SECOND = 200;
/** Over which rate() is taken. */
const WINDOW = SECONDS / 3;
const BOUNDS_MS = [5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000, Infinity];
const ROUTES = ["/items/:id", "/orders", "/"];
const STATUSES = [200, 200, 200, 404, 500];

/** From 0.1 ms to a minute, evenly on a logarithmic scale; one in ten is a bound exactly. */
function durationOf(n) {
  if (n % 10 === 0) return BOUNDS_MS[(n / 10) % 14];
  return 0.1 * 2 ** ((((n * 7919) % 9973) / 9973) * Math.log2(600_000));
}

const requestOf = (n) => ({
  route: ROUTES[n % 3],
  status: STATUSES[n % 5],
  durationMs: durationOf(n),
});

/** Records `PER_SECOND` requests a second, for `SECONDS`. Resolves to all of them. */
async function drive(tide) {
  const requests = [];
  const startMs = performance.now();
  for (let elapsed = 0; elapsed < SECONDS * 1000; elapsed = performance.now() - startMs) {
    while (requests.length < (elapsed / 1000) * PER_SECOND) {
      const request = requestOf(requests.length);
      tide.req(request.route, "GET", request.status, Date.now() - request.durationMs, request.durationMs);
      requests.push(request);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return requests;
}

test(`${SECONDS} s at 1 s scrapes: bucket counts are exact, rate() is within 2 %`, async (t) => {
  const tide = createCollector({ sinks: [memorySink()], handleSignals: false, sampling: { rate: 0.01 } });
  const { ask, series, stop } = await startPrometheus(tide);
  t.after(stop);
  t.after(() => tide.close());
  const start = Date.now() / 1000;
  const requests = await drive(tide);
  const end = Date.now() / 1000;
  const scraped = async () => (await ask("timestamp(up)"))[0].value > end + 0.5;
  await until(scraped, 30_000, "a last scrape");

  let buckets = 0;
  for (const route of ROUTES) {
    for (const status of new Set(STATUSES)) {
      const own = requests.filter((one) => one.route === route && one.status === status);
      const labels = `http_route="${route}",http_response_status_code="${status}"`;
      const single = async (name, more = "") => {
        const found = await ask(`${name}{${labels}${more}}`);
        assert.equal(found.length, 1, `${name}{${labels}${more}}`);
        return found[0].value;
      };
      for (const bound of BOUNDS_MS) {
        const le = bound === Infinity ? "[+]Inf" : `${bound / 1000}(.0)?`;
        const wanted = own.filter(({ durationMs }) => durationMs <= bound).length;
        const name = "http_server_request_duration_seconds_bucket";
        assert.equal(await single(name, `,le=~"${le}"`), wanted, `${labels} up to ${bound} ms`);
        buckets += 1;
      }
      assert.equal(await single("http_server_request_duration_seconds_count"), own.length);
      assert.equal(await single("http_server_requests_total"), own.length);
      const seconds = own.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000;
      const sum = await single("http_server_request_duration_seconds_sum");
      assert.ok(Math.abs(sum / seconds - 1) < 1e-9, `${labels}: ${sum} s of ${seconds}`);
    }
  }

  const [{ values: resets }] = await series(`max(resets(http_server_requests_total[${SECONDS}s]))`, end, end);
  assert.deepEqual(resets, [0]);
  const [{ value: scrapes }] = await ask(`count_over_time(up[${SECONDS}s])`);
  const rate = `sum(rate(http_server_requests_total[${WINDOW}s]))`;
  const [{ values: rates }] = await series(rate, start + WINDOW + 2, end - 1);
  const worst = Math.max(...rates.map((found) => Math.abs(found / PER_SECOND - 1)));
  const found = { seconds: SECONDS, requests: requests.length, scrapes, buckets, rates: rates.length };
  console.log(JSON.stringify({ ...found, worstRatePercent: Number((100 * worst).toFixed(3)) }));
  assert.ok(scrapes >= 0.8 * SECONDS, `${scrapes} scrapes`);
  assert.ok(rates.length >= SECONDS / 3, `${rates.length} rates`);
  assert.ok(worst < 0.02, `rate() is off by ${100 * worst} %: ${rates}`);
});
