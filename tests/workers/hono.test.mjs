// Hono in real workerd: the middleware alone measures, flushes by Hono's own execution context, and keeps requests apart.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { brokenLaws, isDrained } from "../../tools/laws.mjs";
import { startReceiver, until } from "../../tools/receiver.mjs";
import { startWorkerd } from "../../tools/workerd.mjs";

const fixture = fileURLToPath(new URL("fixtures/hono.js", import.meta.url));

test("route templates, errors and children arrive, and none is another's", async () => {
  const receiver = await startReceiver();
  const worker = await startWorkerd(fixture, { bindings: { SINK_URL: receiver.url } });
  try {
    const names = Array.from({ length: 100 }, (_, at) => `name${at}`);
    const ask = async (path) => (await fetch(worker.url + path)).text();
    assert.deepEqual(await Promise.all(names.map((name) => ask(`/users/${name}`))), names);
    assert.equal(await ask("/fails"), "Internal Server Error");

    let counters;
    const drained = async () => {
      counters = JSON.parse(await ask("/__tide"));
      return isDrained(counters);
    };
    await until(drained, 20_000, "an empty queue");
    assert.deepEqual(brokenLaws(counters), []);
    // 101 requests, a greeting in each of 100, and the exception of one.
    assert.equal(counters.accepted, 202);
    assert.ok(receiver.stats.posts <= 20, `${receiver.stats.posts} posts`);

    const { events } = receiver.store;
    assert.equal(events.length, 202);
    assert.equal(events.filter(({ name }) => name === "exception").length, 1);
    const failed = events.find(({ route }) => route === "/fails");
    assert.deepEqual([failed.status, failed.error], [500, "TypeError"]);
    const requests = events.filter(({ route }) => route === "/users/:name");
    assert.equal(requests.length, 100);
    const greeted = requests.map(({ span_id, trace_id }) => {
      const children = events.filter(({ parent_id }) => parent_id === span_id);
      assert.deepEqual(
        children.map((child) => child.trace_id),
        [trace_id],
      );
      return children[0].fn;
    });
    assert.deepEqual(greeted.sort(), names.map((name) => `greet-${name}`).sort());
  } finally {
    await worker.stop();
    await receiver.stop();
  }
});
