// A million attribute sets: memory stays flat, the overflow is counted, and the sets before the flood keep counting.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { brokenLaws } from "../../tools/laws.mjs";
import { watchWasmMemory } from "../../tools/wasm-memory.mjs";

const wasmBytes = watchWasmMemory();
const { createCollector, otlp } = await import("../../pkg/dist/inline.js");
setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");

const SETS = 1_000_000;
/** The default of `metricSeries`. */
const PLACES = 512;
const KNOWN = 100;
/** Garbage of the loop itself; a million sets that are kept take some 100 MiB. */
const MARGIN_BYTES = { own: 4 << 20, rss: 48 << 20 };

const sinks = ["delta", "cumulative"].map((temporality) =>
  otlp({
    ...{ url: "https://telemetry.example", name: temporality, signals: ["metrics"], temporality },
    fetch: async () => new Response(null, { status: 200 }),
  }),
);

test(`${SETS} attribute sets`, async () => {
  const tide = createCollector({ sinks, autoTick: false, handleSignals: false });
  const orders = tide.counter("orders");
  const values = tide.histogram("order.value");
  const record = (user) => {
    orders.add(1, { user });
    values.record(user % 97, { user });
  };
  for (let user = 0; user < KNOWN; user += 1) record(user);
  const flood = async (from, to) => {
    for (let user = from; user < to; user += 1) {
      record(user);
      if (user % 100_000 === 0) await tide.flush();
      // One of those that were there before.
      orders.add(1, { user: user % KNOWN });
    }
    await tide.flush();
    gc();
    const { heapUsed, external, rss } = process.memoryUsage();
    return { own: heapUsed + external, rss, wasm: wasmBytes() };
  };
  const first = await flood(KNOWN, SETS / 10);
  const last = await flood(SETS / 10, SETS);
  console.log(JSON.stringify({ first, last }));
  assert.equal(last.wasm, first.wasm, "the memory of the engine");
  for (const [kind, margin] of Object.entries(MARGIN_BYTES))
    assert.ok(last[kind] - first[kind] < margin, `${kind}: ${first[kind]} to ${last[kind]}`);

  const found = Object.groupBy(tide.metrics(), ({ name }) => name);
  // Each user has a set of each metric, the first that come.
  const [counted, overflowed] = [PLACES / 2, SETS - PLACES / 2];
  assert.equal(found.orders.length, counted + 1);
  for (const { attributes, value } of found.orders) {
    const { user } = attributes;
    const again = user < KNOWN ? (SETS - KNOWN) / KNOWN : 0;
    assert.equal(value, user === undefined ? overflowed : 1 + again, JSON.stringify(attributes));
  }
  const rest = found["order.value"].find(({ attributes }) => attributes["otel.metric.overflow"]);
  assert.equal(rest.count, overflowed);
  const counters = tide.counters();
  assert.deepEqual(counters.metrics, {
    observed: 3 * SETS - KNOWN,
    overflowed: 2 * overflowed,
    refused: 0,
  });
  assert.deepEqual(brokenLaws(counters), []);
  for (const { accepted, delivered } of counters.sinks) {
    assert.deepEqual([accepted, delivered], [counters.metrics.observed, counters.metrics.observed]);
  }
  await tide.close();
});
