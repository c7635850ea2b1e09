import assert from "node:assert/strict";
import { test } from "node:test";
import { instrument } from "../../js/adapters/workers.ts";
import { memorySink } from "../../js/index.ts";
import { bridgeOf } from "../../js/runtime/bridge.ts";
import type { CollectorOptions } from "../../js/types/index.ts";
import { assertLaws, simulated } from "./_engine.ts";

const KINDS = ["workers", "process"] as const;
const CONTEXT = { waitUntil: () => {} };

function worker(kind: (typeof KINDS)[number], options: CollectorOptions = {}) {
  const memory = memorySink();
  const { tide, host } = simulated({ sinks: [memory], ...options }, kind);
  const release: (() => void)[] = [];
  const { fetch } = instrument(tide, {
    fetch: async (request: Request, _env: unknown, _ctx: unknown) => {
      await new Promise<void>((resolve) => release.push(resolve));
      tide.scope(request).evt(new URL(request.url).pathname);
      return new Response();
    },
  });
  const send = (request: Request) => fetch(request, {}, CONTEXT);
  return { tide, host, memory, release, send };
}

test("each of many open requests is found by its own object, in whatever order they go on", async () => {
  for (const kind of KINDS) {
    const { tide, memory, release, send } = worker(kind);
    const answers = Array.from({ length: 300 }, (_, n) => send(new Request(`https://a/word${n}x`)));
    for (let n = 0; n < 300; n += 1) release[(n * 7) % 300]?.();
    await Promise.all(answers);
    await tide.flush();
    const spans = new Map(memory.events.map((event) => [event.span_id, event]));
    const events = memory.events.filter((event) => event.kind === "EVT");
    assert.equal(events.length, 300);
    for (const { name, parent_id } of events) {
      const parent = spans.get(parent_id as string);
      assert.equal(parent?.kind === "REQ" && parent.route, name, kind);
    }
    assertLaws(tide);
  }
});

test("a request is known by its object for a while after its end", async () => {
  for (const kind of KINDS) {
    const { tide, release, send } = worker(kind, { sampling: { exclude: ["/health"] } });
    const request = new Request("https://a/health");
    const answer = send(request);
    for (const resolve of release.splice(0)) resolve();
    await answer;
    tide.scope(request).evt("late");
    assert.equal(assertLaws(tide).excluded, 3, kind);
  }
});

test("a scope that was asked for in time outlives any number of later requests", async () => {
  for (const kind of KINDS) {
    const { tide, release, send } = worker(kind, { sampling: { exclude: ["/health"] } });
    const request = new Request("https://a/health");
    const first = send(request);
    const scope = tide.scope(request);
    scope.set("known", true);
    for (const resolve of release.splice(0)) resolve();
    await first;
    for (let n = 0; n < 200; n += 1) {
      const answer = send(new Request("https://a/b"));
      for (const resolve of release.splice(0)) resolve();
      await answer;
    }
    scope.evt("late");
    assert.equal(assertLaws(tide).excluded, 3, kind);
  }
});

test("two adapters around one request measure it once, and the inner one names it", async () => {
  const memory = memorySink();
  const { tide } = simulated({ sinks: [memory] }, "workers");
  const inner = instrument(tide, {
    fetch: async (request: Request, _env: unknown, _ctx: unknown) => {
      tide.scope(request).route("/inner");
      return new Response();
    },
  });
  const handler = {
    fetch: (request: Request, env: unknown, ctx: unknown) => inner.fetch(request, env, ctx),
  };
  const outer = instrument(tide, handler);
  await outer.fetch(new Request("https://a/b"), {}, CONTEXT);
  await tide.flush();
  assert.deepEqual(
    memory.events.map((event) => event.kind === "REQ" && event.route),
    ["/inner"],
  );
});

test("the record of a request that is over holds nothing of its host, and is still found", async () => {
  for (const kind of KINDS) {
    const { tide, release, send } = worker(kind);
    const request = new Request("https://a/one");
    const answer = send(request);
    const record = bridgeOf(tide)?.find(request);
    assert.equal(record?.request, request, kind);
    release[0]?.();
    await answer;
    assert.equal(record?.isOver, true, kind);
    assert.equal(record.request, undefined, kind);
    assert.equal(record.context, undefined, kind);
    assert.equal(bridgeOf(tide)?.find(request), record, kind);
  }
});

test("an adapter within another one measures nothing anew, whatever has ended before, and keeps the span it runs in", async () => {
  for (const kind of KINDS) {
    const memory = memorySink();
    const { tide } = simulated({ sinks: [memory] }, kind);
    const inner = instrument(tide, {
      fetch: async (_request: Request, _env: unknown, _ctx: unknown) => {
        tide.evt("inside");
        return new Response();
      },
    });
    const outer = instrument(tide, {
      fetch: async (request: Request, env: unknown, ctx: unknown) =>
        request.url.endsWith("plain")
          ? new Response()
          : tide.time("work", () => inner.fetch(request, env, ctx)),
    });
    for (const path of ["plain", "nested"]) await outer.fetch(new Request(`https://a/${path}`), {}, CONTEXT);
    await tide.flush();
    const of = (kind: string) => memory.events.filter((event) => event.kind === kind);
    assert.equal(of("REQ").length, 2, kind);
    assert.equal(of("EVT")[0]?.parent_id, of("FN")[0]?.span_id, kind);
    assertLaws(tide);
  }
});
