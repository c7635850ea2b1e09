// Orders counted in a Worker, through two sinks that fail and owners that die: as they came in they add up to what was
// ordered, and as totals they never fall and end there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { brokenLaws, isDrained } from "../../tools/laws.mjs";
import { attributesOf } from "../../tools/otlp.mjs";
import { startReceiver, until } from "../../tools/receiver.mjs";
import { startWorkerd } from "../../tools/workerd.mjs";

const fixture = fileURLToPath(new URL("fixtures/orders.js", import.meta.url));
const REQUESTS = 10_000;
const CONCURRENCY = 32;
const PLANS = ["free", "pro", "team"];
const OPTIONS = {
  flushDeadlineMs: 1000,
  leaseMs: 1200,
  retryBaseMs: 20,
  retryMaxMs: 100,
  // Leaders change often, and half of them die.
  leadSends: 1,
};
/** How long the owner of every second request lives. */
const HOLDS = [0, 5, 40, 150];
const ROUNDS = 20;

test(`${REQUESTS} orders, 30 % of the posts refused or reset, owners killed: none is lost and none counted twice`, async () => {
  const [delta, cumulative] = [
    await startReceiver({ failShare: 0.3 }),
    await startReceiver({ failShare: 0.3 }),
  ];
  const bindings = { DELTA_URL: delta.base, CUMULATIVE_URL: cumulative.base, OPTIONS };
  let worker;
  try {
    worker = await startWorkerd(fixture, { bindings });
    const wanted = await order(worker);
    const { counters, metrics, orphans } = await settled(worker);
    const figures = { orphans, posts: 0, failed: 0, abandoned: 0, duplicates: 0 };
    for (const { stats, store } of [delta, cumulative]) {
      for (const name of ["posts", "failed", "abandoned"]) figures[name] += stats[name];
      figures.duplicates += store.duplicates;
    }
    console.log(JSON.stringify({ orders: wanted, ...figures, sinks: counters.sinks }));
    assert.ok(orphans >= 10, `${orphans} owners died`);
    assert.ok(delta.stats.failed > 0 && cumulative.stats.failed > 0, "sinks failed");
    assert.deepEqual(sums(metrics), wanted, "the collector's own totals");
    assert.deepEqual(added(pointsOf(delta)), wanted, "delta");
    assert.deepEqual(last(pointsOf(cumulative)), wanted, "cumulative");
    for (const { name, accepted, delivered, dropped } of counters.sinks) {
      assert.equal(delivered, accepted, `${name}: ${JSON.stringify(dropped)}`);
    }
    for (const { store } of [delta, cumulative])
      assert.deepEqual([store.changedRepeats, store.unkeyed], [0, 0]);
  } finally {
    await worker?.stop();
    await delta.stop();
    await cumulative.stop();
  }
});

/** Sends the orders. Resolves to what was ordered: sums by name and plan. */
async function order({ url }) {
  const wanted = {};
  for (let round = 0; round < ROUNDS; round += 1) {
    const from = (round * REQUESTS) / ROUNDS;
    const numbers = Array.from({ length: REQUESTS / ROUNDS }, (_, n) => from + n).values();
    const client = async () => {
      for (const n of numbers) {
        const [plan, value] = [PLANS[(n * 7) % 3], 1 + (n % 50)];
        const isDoomed = (n + round) % 2 === 0;
        const headers = isDoomed ? { "x-drop-after-ms": String(HOLDS[round % HOLDS.length]) } : {};
        const response = await fetch(`${url}/order?plan=${plan}&value=${value}`, { headers });
        assert.equal(response.status, 200, await response.text());
        add(wanted, `orders ${plan}`, 1);
        add(wanted, `order.value ${plan}`, value);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, client));
    assert.deepEqual(brokenLaws((await debug(url)).counters), []);
    // The term of a leader that died ends.
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
  return sorted(wanted);
}

const debug = async (url) => (await fetch(`${url}/__tide`)).json();

/** Further, healthy requests, until nothing waits. */
async function settled({ url }) {
  let found;
  let nextMs = 0;
  const drained = async () => {
    if (Date.now() >= nextMs) {
      nextMs = Date.now() + 500;
      await (await fetch(`${url}/ping`)).text();
    }
    found = await debug(url);
    assert.deepEqual(brokenLaws(found.counters), []);
    return isDrained(found.counters);
  };
  await until(drained, 60_000, "empty sinks").catch((error) => {
    throw new Error(`${error.message}: ${JSON.stringify(found.counters)}`);
  });
  return found;
}

/** Each point that arrived, in order: name and plan, the number, and whether it says that it is a total. */
function pointsOf({ store }) {
  return store.events.flatMap(({ otlp: { name, sum, exponentialHistogram } }) => {
    const { aggregationTemporality, dataPoints } = sum ?? exponentialHistogram;
    if (name !== "orders" && name !== "order.value") return [];
    return dataPoints.map((point) => ({
      key: `${name} ${attributesOf(point).plan}`,
      value: Number(point.asInt ?? point.asDouble ?? point.sum),
      isTotal: aggregationTemporality === 2,
    }));
  });
}

function added(points) {
  const found = {};
  for (const { key, value, isTotal } of points) {
    assert.equal(isTotal, false);
    add(found, key, value);
  }
  return sorted(found);
}

function last(points) {
  const found = {};
  for (const { key, value, isTotal } of points) {
    assert.equal(isTotal, true);
    assert.ok(value >= (found[key] ?? 0), `${key} fell from ${found[key]} to ${value}`);
    found[key] = value;
  }
  return sorted(found);
}

const sums = (metrics) =>
  sorted(
    Object.fromEntries(
      metrics.map(({ name, attributes, value, sum }) => [`${name} ${attributes.plan}`, value ?? sum]),
    ),
  );

function add(found, key, value) {
  found[key] = (found[key] ?? 0) + value;
}

const sorted = (found) => Object.fromEntries(Object.entries(found).sort());
