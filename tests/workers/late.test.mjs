// Work after the answer belongs to its request, and is sent by its own invocation: no other request comes to help.
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { brokenLaws } from "../../tools/laws.mjs";
import { startReceiver, until } from "../../tools/receiver.mjs";
import { startWorkerd } from "../../tools/workerd.mjs";

const fixture = fileURLToPath(new URL("fixtures/late.js", import.meta.url));
/** Without and with an AsyncLocalStorage. */
const HOSTS = { "no flags": {}, nodejs_compat: { flags: ["nodejs_compat"] } };

async function stage(host, bindings, play) {
  const receiver = await startReceiver();
  const worker = await startWorkerd(fixture, {
    ...host,
    bindings: { SINK_URL: receiver.url, ...bindings },
    objects: { ROOM: "Room" },
    services: { SELF: "" },
  });
  const named = (name) => receiver.store.events.filter((event) => event.name === name || event.fn === name);
  const arrive = (name, count, ms = 6000) =>
    until(() => named(name).length >= count, ms, `${count} ${name}`).catch((error) => {
      throw new Error(`${error.message}; ${named(name).length} came, ${worker.log}`);
    });
  try {
    await play({ url: worker.url, events: receiver.store.events, named, arrive, stats: receiver.stats });
    const { counters } = await (await fetch(`${worker.url}/__tide`)).json();
    assert.deepEqual(brokenLaws(counters), []);
    assert.equal(counters.pending, 0);
    return counters;
  } finally {
    await worker.stop();
    await receiver.stop();
  }
}

const get = async (url) => await (await fetch(url)).text();

for (const [name, host] of Object.entries(HOSTS)) {
  describe(name, { concurrency: 4 }, () => {
    const paths = name === "no flags" ? ["/background"] : ["/background", "/context"];
    for (const path of paths) {
      test(`late work of ${path} has the trace, parent and p of its request`, async () => {
        await stage(host, { RATE: 0.3 }, async ({ url, events, named }) => {
          // An AsyncLocalStorage may be found only after the first request.
          for (let n = 0; n < 40; n += 1) await get(url + path);
          await sleep(1500);
          const requests = new Map(
            events.filter(({ kind }) => kind === "REQ").map((event) => [event.span_id, event]),
          );
          assert.ok(requests.size > 3 && requests.size < 30, String(requests.size));
          assert.equal(named("bg").length, requests.size);
          for (const { trace_id, parent_id, p } of named("bg")) {
            const parent = requests.get(parent_id);
            assert.equal(parent?.trace_id, trace_id);
            assert.equal(p, 0.3);
            requests.delete(parent_id);
          }
          assert.equal(requests.size, 0, "each request has its own");
        });
      });
    }

    test(`a late error is kept, and has no parent that nobody has`, async () => {
      await stage(host, { RATE: 0.3 }, async ({ url, events, named, arrive }) => {
        for (let n = 0; n < 20; n += 1) await get(`${url}/failing`);
        await arrive("bg", 20);
        await sleep(300);
        const requests = new Map(
          events.filter(({ kind }) => kind === "REQ").map((event) => [event.span_id, event]),
        );
        const traces = new Set();
        for (const { trace_id, parent_id, p } of named("bg")) {
          assert.equal(p, 1);
          traces.add(trace_id);
          if (parent_id !== undefined) assert.equal(requests.get(parent_id)?.trace_id, trace_id);
        }
        assert.equal(traces.size, 20);
        assert.equal(named("bg").filter(({ parent_id }) => parent_id !== undefined).length, requests.size);
      });
    });

    test(`late work of an excluded request counts as excluded`, async () => {
      const counters = await stage(host, {}, async ({ url }) => {
        await get(`${url}/excluded`);
        await sleep(200);
      });
      assert.equal(counters.emitted, counters.excluded);
      assert.ok(counters.excluded >= 2);
    });

    test(`an event 1.5 s into waitUntil arrives within the same invocation`, async () => {
      await stage(host, {}, async ({ url, arrive }) => {
        await get(`${url}/evt`);
        await arrive("late", 1);
      });
    });

    for (const path of ["/socket", "/alone-socket"]) {
      test(`ten messages over 3 s to ${path} all arrive`, async () => {
        await stage(host, {}, async ({ url, arrive, stats }) => {
          const socket = new WebSocket(url.replace("http", "ws") + path);
          await once(socket, "open");
          for (let n = 0; n < 10; n += 1) {
            socket.send(String(n));
            await sleep(300);
          }
          await arrive("message", 10);
          assert.ok(stats.posts <= 8, String(stats.posts));
          socket.close();
        });
      });
    }

    test(`each chunk of a stream arrives`, async () => {
      await stage(host, {}, async ({ url, arrive }) => {
        await get(`${url}/sse`);
        await arrive("chunk", 5);
      });
    });

    test(`what scheduled records 2 s into waitUntil arrives`, async () => {
      await stage(host, {}, async ({ url, named, arrive }) => {
        await get(`${url}/__scheduled`);
        await arrive("nightly", 1);
        const [root] = named("scheduled:0 0 * * *");
        assert.deepEqual(
          named("nightly").map(({ trace_id, parent_id }) => [trace_id, parent_id]),
          [[root.trace_id, root.span_id]],
        );
      });
    });

    for (const call of ["timer", "background"]) {
      test(`what a Durable Object records in its ${call} arrives`, async () => {
        await stage(host, {}, async ({ url, arrive }) => {
          await get(`${url}/__room?call=${call}`);
          await arrive(call, 1);
        });
      });
    }
  });
}
