/** `tide.scope` finds the request in what frameworks pass around. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { begin } from "../../js/adapters/_request.ts";
import { memorySink } from "../../js/sinks/memory.ts";
import { assertLaws, simulated } from "./_engine.ts";

const context = { waitUntil: () => {} };

const VIEWS: Record<string, (raw: object) => object> = {
  "the request": (raw) => raw,
  "Hono's context": (raw) => ({
    req: { raw },
    get executionCtx(): object {
      throw new Error("this host has none");
    },
  }),
  "Hono's request": (raw) => ({ raw }),
  "Koa's context": (raw) => ({ req: raw, request: { req: raw } }),
  "Koa's request": (raw) => ({ req: raw, ctx: {} }),
  "Fastify's reply": (raw) => ({ raw: {}, request: { raw } }),
  "Express's response": (raw) => ({ req: raw }),
  "SvelteKit's event": (raw) => ({ request: raw }),
  "h3's event": (raw) => ({ node: { req: raw } }),
  "a getter that throws": (raw) => ({
    get raw(): object {
      throw new Error("none");
    },
    request: raw,
  }),
};

for (const kind of ["workers", "process"] as const) {
  test(`a framework's view of the request is bound to it: ${kind}`, async (t) => {
    const warned = t.mock.method(console, "warn", () => {});
    const memory = memorySink();
    const { tide, host } = simulated({ sinks: [memory] }, kind);
    for (const [name, view] of Object.entries(VIEWS)) {
      const raw = new Request("https://example.com/a");
      const record = begin(tide, raw, {}, undefined, false, context);
      assert.ok(record);
      const scope = tide.scope(view(raw));
      scope.set("view", name);
      scope.evt("child");
      record.bridge.end(record, 200, undefined, context);
      scope.evt("late");
    }
    tide.flush();
    await host.advance(1000);
    const requests = memory.events.filter(({ kind }) => kind === "REQ");
    assert.deepEqual(
      requests.map(({ attributes }) => attributes?.["view"]),
      Object.keys(VIEWS),
    );
    for (const { span_id } of requests) {
      assert.equal(memory.events.filter(({ parent_id }) => parent_id === span_id).length, 2);
    }
    assert.equal(warned.mock.callCount(), 0);
  });
}

test("something unknown warns once and stands alone", async (t) => {
  const warned = t.mock.method(console, "warn", () => {});
  const memory = memorySink();
  const { tide, host } = simulated({ sinks: [memory] });
  const loop: { request?: object } = {};
  loop.request = loop;
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  for (const unknown of [{}, loop, new Request("https://example.com/b"), [], null, "text", revoked.proxy]) {
    const scope = tide.scope(unknown as never);
    scope.set("lost", true);
    scope.evt("alone");
  }
  tide.flush();
  await host.advance(1000);
  assert.equal(memory.events.length, 7);
  assert.ok(memory.events.every(({ parent_id }) => parent_id === undefined));
  assert.equal(new Set(memory.events.map(({ trace_id }) => trace_id)).size, 7);
  assert.deepEqual(
    warned.mock.calls.map(({ arguments: [line] }) => line),
    ["tidegate: tide.scope was given no request that is measured: what it records stands alone"],
  );
  assertLaws(tide);
});
