// A thousand interleaved requests: no child ever stands under another's request. With no flag at all the scope does it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { brokenLaws, isDrained } from "../../tools/laws.mjs";
import { startReceiver, until } from "../../tools/receiver.mjs";
import { startWorkerd } from "../../tools/workerd.mjs";

const fixture = (name) => fileURLToPath(new URL(`fixtures/${name}.js`, import.meta.url));
const REQUESTS = 1000;
const CONCURRENCY = 100;
/** Two functions' worth: event, function, inner, query, parallel. */
const CHILDREN = 5;

async function send(url, path, count = REQUESTS) {
  const ids = Array.from({ length: count }, (_, id) => id + 1).values();
  const client = async () => {
    for (const id of ids) {
      const response = await fetch(`${url}${path}?id=${id}`);
      assert.equal(await response.text(), "ok");
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, client));
}

/** All events, once all have arrived. */
async function run(name, path, host) {
  const receiver = await startReceiver();
  const worker = await startWorkerd(fixture(name), { bindings: { SINK_URL: receiver.url }, ...host });
  try {
    await send(worker.url, path);
    let counters;
    await until(
      async () => {
        await (await fetch(`${worker.url}/__wake`)).text();
        ({ counters } = await (await fetch(`${worker.url}/__tide`)).json());
        return isDrained(counters);
      },
      30_000,
      "an empty queue",
    );
    assert.deepEqual(brokenLaws(counters), []);
    assert.equal(receiver.store.events.length, counters.accepted);
    return receiver.store.events;
  } finally {
    await worker.stop();
    await receiver.stop();
  }
}

/** The id that a child tells, and whether it stands under the request with that id. */
function children(events, path) {
  const requests = new Map(
    events
      .filter(({ kind, route }) => kind === "REQ" && route === path)
      .map((event) => [event.attributes.id, event]),
  );
  assert.equal(requests.size, REQUESTS);
  const traces = new Set([...requests.values()].map(({ trace_id }) => trace_id));
  // What runs within a function stands under it.
  const functions = new Map(
    events.filter(({ kind }) => kind === "FN").map((event) => [event.span_id, event]),
  );
  const parentOf = (event) => functions.get(event.parent_id)?.parent_id ?? event.parent_id;
  const found = events.filter(({ kind }) => kind === "EVT" || kind === "FN" || kind === "DB");
  return found.map((event) => {
    const id = event.attributes?.id ?? Number(/\d+/.exec(event.fn ?? "")?.[0] ?? 0);
    const own = id === 0 ? undefined : requests.get(id);
    return {
      event,
      isOwn: own !== undefined && event.trace_id === own.trace_id && parentOf(event) === own.span_id,
      isAlone: !traces.has(event.trace_id),
      // A statement's literals are never stored, so it tells no id.
      tells: id !== 0,
    };
  });
}

for (const [label, name, path, host] of [
  ["no flag", "context", "/scope", {}],
  ["nodejs_als", "context-given", "/context", { flags: ["nodejs_als"] }],
  ["nodejs_compat", "context", "/context", { flags: ["nodejs_compat"] }],
  [
    "nodejs_compat of 2024",
    "context-given",
    "/context",
    { flags: ["nodejs_compat"], compatibilityDate: "2024-09-22" },
  ],
]) {
  test(`${REQUESTS} interleaved requests never mix: ${label}, ${path.slice(1)}`, async () => {
    const events = await run(name, path, host);
    const all = children(events, path).filter(({ event }) => event.trace_id !== undefined);
    const telling = all.filter(({ tells }) => tells);
    const mixed = telling.filter(({ isOwn, isAlone }) => !isOwn && !isAlone);
    assert.equal(mixed.length, 0);
    assert.equal(telling.filter(({ isOwn }) => isOwn).length, REQUESTS * (CHILDREN - 1));
    const statements = events.filter(({ kind }) => kind === "DB");
    const parents = new Set(statements.map(({ parent_id }) => parent_id));
    assert.equal(parents.size, REQUESTS, "one statement under each request");
    console.log(`context: ${label}: ${telling.length} children, ${mixed.length} mixed`);
  });
}

test("without a flag an event outside a scope stands alone, never under somebody else's request", async () => {
  const all = children(await run("context", "/context", {}), "/context").filter(({ tells }) => tells);
  const outside = all.filter(({ event }) => event.parent_id === undefined);
  assert.equal(outside.length, REQUESTS * (CHILDREN - 1));
  assert.ok(outside.every(({ isAlone }) => isAlone));
});
