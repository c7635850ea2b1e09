import assert from "node:assert/strict";
import { test } from "node:test";
import { checkedOptions } from "../../../js/hub/object/options.ts";
import {
  type AlarmRule,
  type HubNamespace,
  hub,
  hubHandler,
  hubMetrics,
  hubSource,
  hubStats,
} from "../../../js/hub.ts";
import "../_engine.ts";

/** An object that does not answer. */
const namespace: HubNamespace = {
  idFromName: (name: string) => name,
  get: () => ({ fetch: () => Promise.reject(new Error("away")) }),
};
const token = "s3cret";
const config = { code: "config/hub" };

test("bad options are told at construction, by a stable code", () => {
  const bad: object[] = [
    { alarms: 1 },
    { alarms: [{ kind: "cpu", threshold: 1 }] },
    { alarms: [{ kind: "errors" }] },
    { alarms: [{ kind: "errors", threshold: 101 }] },
    { alarms: [{ kind: "p95", threshold: Number.NaN }] },
    { alarms: [{ kind: "p95", threshold: 1, durationMs: 90_000 }] },
    { alarms: [{ kind: "p95", threshold: 1, durationMs: 0 }] },
    { alarms: [{ kind: "silence", name: "" }] },
    { alarms: [{ kind: "silence" }, { kind: "silence" }] },
    { alarms: new Array(17).fill(0).map((_, n) => ({ kind: "silence", name: `${n}` })) },
    { alarms: [{ kind: "silence" }], shards: 2 },
    { webhook: "ftp://x" },
    { webhook: "not a url" },
    { link: 7 },
    { isolates: 0 },
    { metricSeries: 1.5 },
    { shards: 65 },
  ];
  for (const options of bad) assert.throws(() => checkedOptions(options), config, JSON.stringify(options));
  for (const options of [{ alarm: [] }, { alarms: [{ kind: "silence", durationMS: 1 }] }]) {
    assert.throws(() => checkedOptions(options as object), { code: "config/unknown-option" });
  }
  const alarms: AlarmRule[] = [{ kind: "errors", threshold: 5 }, { kind: "silence" }];
  assert.deepEqual(checkedOptions({ alarms, webhook: undefined }).alarms, [
    { name: "errors", kind: "errors", threshold: 5, minutes: 2 },
    { name: "silence", kind: "silence", threshold: 0, minutes: 5 },
  ]);
});

test("so are those of the sink and of readers", () => {
  assert.throws(() => hub({} as HubNamespace), { code: "config/sink-url" });
  assert.throws(() => hub({ url: "https://user:pass@x" }), { code: "config/sink-url" });
  assert.throws(() => hub({ url: "https://x", token: 7 as unknown as string }), { code: "config/sink" });
  assert.throws(() => hub({ url: "https://x", shards: 2 } as { url: string }), {
    code: "config/unknown-option",
  });
  assert.throws(() => hub(namespace, { shards: 0 }), config);
  assert.throws(() => hubSource(undefined as unknown as HubNamespace), config);
  assert.throws(() => hubSource(namespace, { shards: 1.5 }), config);
  assert.throws(() => hubHandler(undefined as unknown as HubNamespace, { token }), config);
  const { name, format, intervalMs } = hub(namespace);
  assert.deepEqual([name, format, intervalMs], ["hub", "stats", 5000]);
});

test("a reader of a shard that does not answer fails: a part is no figure of the whole", async () => {
  const unreachable = { code: "hub/unreachable" };
  await assert.rejects(hubStats(namespace), unreachable);
  await assert.rejects(hubMetrics(namespace, { shards: 2 }), unreachable);
  await assert.rejects(hubSource(namespace).view(), unreachable);
});

test("the handler is closed without a token, and open to pushes and scrapes with it alone", async () => {
  const status = async (method: string, headers: HeadersInit, given: string | undefined = token) => {
    const handler = hubHandler(namespace, { token: given });
    const response = (await handler(new Request("https://x/hub", { method, headers }) as never)) as Response;
    return response.status;
  };
  const authorization = `Bearer ${token}`;
  for (const none of [undefined, "", " \n"]) {
    const handler = hubHandler(namespace, { token: none });
    const { status: closed } = (await handler(
      new Request("https://x/", { headers: { authorization } }) as never,
    )) as Response;
    assert.equal(closed, 404);
  }
  assert.equal(await status("GET", {}), 401);
  assert.equal(await status("POST", { authorization: "Bearer wrong" }), 401);
  assert.equal(await status("PUT", { authorization }), 405);
  assert.equal(await status("POST", { authorization }), 400, "no id");
  assert.equal(await status("POST", { authorization, "idempotency-key": "0123456789abcdef-0-1" }), 503);
  assert.equal(await status("GET", { authorization }), 503);
  assert.equal(await status("GET", { authorization }, `${token}\n`), 503, "a secret out of a file");
  const [number, config] = [7 as unknown as string, { code: "config/hub" }];
  assert.throws(() => hubHandler(namespace, { token: number }), config);
});
