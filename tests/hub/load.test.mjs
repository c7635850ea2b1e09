// Several instances of a Worker push to one hub while everything fails that can: their other sinks, the owners of their sends,
// the network, the hub. What they measured is what the hub counts.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { makeRng } from "../../pkg/dist/inline-sampling.js";
import { brokenLaws } from "../../tools/laws.mjs";
import { startReceiver, until } from "../../tools/receiver.mjs";
import { startWorkerd } from "../../tools/workerd.mjs";
import { durationOf } from "./_durations.js";
import { TOKEN, withHub } from "./_hub.mjs";

const fixture = fileURLToPath(new URL("fixtures/pusher.js", import.meta.url));
const random = makeRng({ seed: 11 });
const sum = (numbers) => numbers.reduce((all, number) => all + number, 0);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The way to the hub: it repeats pushes, holds them back, loses answers, and stays where it is when the hub moves. */
async function startNetwork(hub) {
  const network = { repeated: 0, held: 0, lost: 0, refused: 0, isCalm: false, pushed: 0 };
  const forward = async ({ headers }, body) => {
    const { authorization } = headers;
    const kept = { authorization, "idempotency-key": headers["idempotency-key"] };
    if (headers["content-encoding"]) kept["content-encoding"] = headers["content-encoding"];
    const answer = await fetch(`${hub.worker.url}/hub`, { method: "POST", headers: kept, body });
    await answer.arrayBuffer();
    return answer.status;
  };
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    network.pushed += 1;
    const draw = network.isCalm ? 1 : random();
    try {
      if (draw < 0.05) {
        network.refused += 1;
        return response.writeHead(503).end();
      }
      const status = await forward(request, body);
      if (draw < 0.15) {
        network.lost += 1;
        return request.socket.destroy();
      }
      if (draw < 0.3) {
        network.repeated += 1;
        // At once, and much later: behind pushes that were cut after it.
        await forward(request, body);
        setTimeout(() => forward(request, body).catch(() => {}), 1500);
      }
      if (draw < 0.4) {
        network.held += 1;
        await pause(300);
      }
      response.writeHead(status).end();
    } catch {
      request.socket.destroy();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  network.url = `http://127.0.0.1:${server.address().port}/hub`;
  network.stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return network;
}

const get = async (url, headers) => (await fetch(url, { headers })).text();

/** Each request of the client makes some of known duration; every tenth lets go of its telemetry. */
function clientOf(workers) {
  const client = { next: 0 };
  client.burst = async () => {
    const calls = workers.flatMap(({ url }) => {
      return Array.from({ length: 4 }, () => {
        const count = 1 + Math.floor(random() * 8);
        const first = client.next;
        client.next += count;
        const doomed = random() < 0.1 ? { "x-drop-after-ms": String(Math.floor(random() * 100)) } : {};
        return get(`${url}/work?first=${first}&count=${count}`, doomed);
      });
    });
    await Promise.all(calls);
  };
  return client;
}

test("four instances under load, and nothing that keeps still: merged counts are the sum", async () => {
  const running = [];
  await withHub({}, async (hub) => {
    try {
      const receiver = await startReceiver({ failShare: 0.4 });
      running.push(receiver);
      const network = await startNetwork(hub);
      running.push(network);
      const start = (n) =>
        startWorkerd(fixture, {
          bindings: { HUB_URL: network.url, SINK_URL: receiver.url, TOKEN, VERSION: `1.${n % 2}.0` },
        });
      const workers = await Promise.all([0, 1, 2, 3].map(start));
      running.push(...workers);
      const client = clientOf(workers);
      for (let round = 0; round < 60; round += 1) {
        await client.burst();
        if (round % 20 === 7) await hub.evict();
        if (round % 20 === 12) await hub.alarm();
        if (round % 20 === 17) await hub.restart();
        await pause(50);
      }
      network.isCalm = true;
      let all;
      const arrived = async () => {
        await Promise.all(workers.map(({ url }) => get(`${url}/work?first=0&count=0`)));
        all = await Promise.all(workers.map(async ({ url }) => JSON.parse(await get(`${url}/__tide`))));
        return all.every(({ counters }) => counters.sinks[0].queued + counters.sinks[0].inFlight === 0);
      };
      await until(arrived, 60_000, "the last pushes");
      // The repeats that are still under way change nothing.
      await pause(1600);

      const durations = Array.from({ length: client.next }, (_, number) => durationOf(number)).sort(
        (a, b) => a - b,
      );
      const { stats, counters, metrics, versions, isolates } = await hub.view();
      assert.deepEqual(
        all.flatMap((one) => brokenLaws(one.counters)),
        [],
      );
      assert.deepEqual(
        all.map((one) => sum(Object.values(one.counters.sinks[0].dropped))),
        [0, 0, 0, 0],
      );
      assert.equal(sum(all.map((one) => one.stats.count)), client.next);
      assert.equal(stats.count, client.next);
      assert.equal(stats.errors, Math.ceil(client.next / 10));
      for (const q of [0.5, 0.9, 0.95, 0.99]) {
        const exact = durations[Math.ceil(q * durations.length) - 1];
        const merged = stats[`p${q * 100}Ms`];
        assert.ok(Math.abs(merged / exact - 1) <= 0.01, `p${q * 100}: ${merged}, exactly ${exact}`);
      }
      const orders = metrics.filter(({ name }) => name === "orders");
      assert.equal(sum(orders.map(({ value }) => value)), client.next);
      assert.deepEqual(versions.map(({ version }) => version).sort(), ["1.0.0", "1.1.0"]);
      assert.equal(sum(versions.map(({ count }) => count)), client.next);
      assert.deepEqual([isolates.live, isolates.late], [4, 0]);
      assert.ok(counters.accepted > 0 && counters.sinks.some(({ name }) => name === "hub"));
      for (const happened of ["repeated", "held", "lost", "refused"])
        assert.ok(network[happened] > 0, happened);
      const { pushed, repeated, held, lost, refused } = network;
      console.log(
        JSON.stringify({ requests: client.next, hub: stats.count, pushed, repeated, held, lost, refused }),
      );
    } finally {
      for (const { stop } of running) await stop();
    }
  });
});
