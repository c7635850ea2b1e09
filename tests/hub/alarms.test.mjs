// Three incidents in simulated time: each alarm and each recovery is posted once, whatever happens to the hub and the webhook.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { withHub } from "./_hub.mjs";
import { makeIsolate } from "./_isolate.mjs";

const MINUTE = 60_000;

/** A webhook that answers what `status` says, and keeps what it took. */
async function startWebhook() {
  const webhook = { status: () => 200, taken: [], posts: 0, ids: new Set() };
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    webhook.posts += 1;
    const status = webhook.status();
    if (status === 200) {
      webhook.taken.push(JSON.parse(Buffer.concat(chunks).toString()));
      webhook.ids.add(request.headers["idempotency-key"]);
    }
    response.writeHead(status).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  webhook.url = `http://127.0.0.1:${server.address().port}/hook`;
  webhook.stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return webhook;
}

const rules = [
  { kind: "errors", threshold: 5 },
  { kind: "p95", threshold: 500, durationMs: 3 * MINUTE },
  { kind: "silence", durationMs: 5 * MINUTE },
];

/** Time in whole minutes, a day ahead: the object's own alarms are then not due. */
function minutes(hub, shards) {
  const start = Math.ceil(Date.now() / MINUTE + 1440) * MINUTE;
  const isolates = Array.from({ length: 3 }, (_, n) => makeIsolate(0x1111_0001 * (n + 1)));
  let minute = 0;
  const at = (ms) => hub.clock(start + minute * MINUTE + ms - Date.now());
  return {
    /** One minute of traffic, then what is looked at after it. */
    async pass({ requests = 30, errors = 0, ms = 20 } = {}) {
      const endMs = start + minute * MINUTE + 30_000;
      await at(30_000);
      for (const isolate of requests > 0 ? isolates : []) {
        for (let n = 0; n < requests / 3; n += 1) isolate.req("/", endMs, ms, n < errors / 3);
        assert.equal(await hub.push(isolate.cut(endMs)), 200);
      }
      minute += 1;
      await at(16_000);
      for (let shard = shards - 1; shard >= 0; shard -= 1) await hub.alarm(shard);
    },
    now: () => at(16_000),
  };
}

for (const shards of [1, 3]) {
  test(`three incidents over ${shards} shards: three alarms and three recoveries`, async () => {
    const webhook = await startWebhook();
    const link = "https://shop.example/tide";
    try {
      await withHub({ alarms: rules, webhook: webhook.url, link, shards }, async (hub) => {
        const { pass, now } = minutes(hub, shards);
        const passes = async (count, how) => {
          for (let n = 0; n < count; n += 1) await pass(how);
        };
        const states = () => webhook.taken.map(({ alarm }) => `${alarm.name} ${alarm.state}`);
        await passes(3);
        assert.deepEqual(states(), [], "all is well");
        await pass({ errors: 6 });
        assert.deepEqual(states(), [], "one minute is not long enough");
        await passes(3, { errors: 6 });
        assert.deepEqual(states(), ["errors alarm"]);
        await hub.restart();
        await now();
        await passes(2, { errors: 6 });
        const { alarms } = await hub.view();
        assert.deepEqual(
          alarms.map(({ name, active, value }) => [name, active, value]),
          [
            ["errors", true, 20],
            ["p95", false, 20],
            ["silence", false, 30],
          ],
        );
        await pass();
        assert.equal(states().length, 1, "one good minute is not long enough either");
        await passes(3);
        assert.deepEqual(states(), ["errors alarm", "errors recovered"]);

        // The webhook is down: the message waits, also over a restart.
        webhook.status = () => 503;
        await passes(4, { ms: 900 });
        await hub.restart();
        await now();
        await pass({ ms: 900 });
        assert.equal(states().length, 2);
        assert.ok(webhook.posts > 3);
        webhook.status = () => 200;
        await pass({ ms: 900 });
        assert.deepEqual(states().slice(2), ["p95 alarm"]);
        await hub.evict();
        await passes(4);
        assert.deepEqual(states().slice(2), ["p95 alarm", "p95 recovered"]);

        await passes(4, { requests: 0 });
        assert.equal(states().length, 4);
        await passes(30, { requests: 0 });
        assert.deepEqual(states().slice(4), ["silence alarm"]);
        await passes(6);
        assert.deepEqual(states().slice(4), ["silence alarm", "silence recovered"]);

        assert.equal(webhook.ids.size, 6);
        for (const { text, content, alarm } of webhook.taken) {
          assert.equal(text, content);
          assert.match(text, /^shop: \w+ (ALARM|recovered): .* https:\/\/shop\.example\/tide$/);
          assert.deepEqual([alarm.service, alarm.link], ["shop", link]);
        }
        assert.match(
          webhook.taken[0].text,
          /20 % errors \(alarm at least 5, for 2 min\); 30 requests, 6 failed/,
        );
        console.log(webhook.taken.map(({ text }) => text).join("\n"));
      });
    } finally {
      await webhook.stop();
    }
  });
}

test("a webhook that refuses a message gets it once, and the hub says so", async () => {
  const webhook = await startWebhook();
  webhook.status = () => 404;
  try {
    await withHub(
      { alarms: [{ kind: "errors", threshold: 5, durationMs: MINUTE }], webhook: webhook.url },
      async (hub) => {
        const { pass } = minutes(hub, 1);
        await pass({ errors: 9 });
        await pass({ errors: 9 });
        assert.equal(webhook.posts, 1);
        assert.match(hub.worker.log, /the webhook answers 404/);
        assert.ok(!hub.worker.log.includes("/hook"), "its address is a secret");
      },
    );
  } finally {
    await webhook.stop();
  }
});
