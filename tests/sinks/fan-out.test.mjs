// Sinks share one ring and nothing else: neither a slow one nor a dead one changes what another is sent.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createCollector, ndjson } from "../../pkg/dist/inline.js";
import { brokenLaws } from "../../tools/laws.mjs";
import { freePort, startReceiver, until } from "../../tools/receiver.mjs";

const EVENTS = 1500;

test("beside a slow sink and a dead one, a live one is sent every event, in order", async (t) => {
  const fast = await startReceiver();
  const slow = await startReceiver({ delayMs: 120 });
  const tide = createCollector({
    sinks: [
      ndjson({ name: "dead", url: `http://127.0.0.1:${await freePort()}/` }),
      ndjson({ name: "slow", url: slow.url }),
      ndjson({ name: "fast", url: fast.url }),
    ],
    ...{ flushIntervalMs: 20, batchMax: 100, retryBaseMs: 20, sinkProbeMs: 300, handleSignals: false },
  });
  t.after(async () => {
    await tide.close({ timeoutMs: 0 });
    await Promise.all([fast.stop(), slow.stop()]);
  });
  const disabled = [];
  tide.on("sink-disabled", ({ sink }) => disabled.push(sink));
  for (let n = 0; n < EVENTS; n += 1) {
    tide.evt("tick", { n });
    if (n % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(brokenLaws(tide.counters()), []);
  }
  const delivered = (name) => tide.counters().sinks.find((sink) => sink.name === name).delivered;
  await until(() => delivered("fast") === EVENTS, 10_000, "the fast sink");
  const slowByThen = delivered("slow");
  await until(() => delivered("slow") === EVENTS, 10_000, "the slow sink");

  const order = ({ store }) => store.events.map(({ attributes }) => attributes.n);
  const everything = Array.from({ length: EVENTS }, (_, n) => n);
  assert.deepEqual(order(fast), everything);
  assert.deepEqual(order(slow), everything);
  assert.ok(slowByThen < EVENTS, "the fast sink did not wait for the slow one");
  assert.deepEqual(disabled, ["dead"]);
  await tide.close({ timeoutMs: 200 });
  const counters = tide.counters();
  assert.deepEqual(brokenLaws(counters), []);
  const [dead] = counters.sinks;
  assert.deepEqual([dead.delivered, dead.accepted], [0, EVENTS]);
});
