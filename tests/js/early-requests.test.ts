/** In a Worker the engine starts after the first response. What ended before that is kept, whoever starts it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { instrument } from "../../js/adapters/workers.ts";
import { memorySink } from "../../js/sinks/memory.ts";
import type { Collector } from "../../js/types/index.ts";
import { assertLaws, countCalls, type SimulatedHost, settle, simulated } from "./_engine.ts";

/** A Worker whose options come with its first request, and what starts its engine. */
function worker(options: object = {}): {
  tide: Collector;
  host: SimulatedHost;
  sink: ReturnType<typeof memorySink>;
  starts: () => number;
} {
  const sink = memorySink();
  const starts = countCalls("engine_new");
  const { tide, host } = simulated(() => ({ sinks: [sink], ...options }), "workers");
  return { tide, host, sink, starts };
}

const routesOf = (sink: ReturnType<typeof memorySink>) =>
  sink.events.map((event) => (event.kind === "REQ" ? event.route : event.kind));

const ctx = { waitUntil: () => undefined };

function answer(
  tide: Collector,
  path = "/",
  handler = async () => new Response("ok"),
  context: object = ctx,
) {
  const { fetch } = instrument(tide, { fetch: (_request: Request, _env: object, _ctx: object) => handler() });
  return fetch(new Request(`https://example.com${path}`), {}, context);
}

test("the first response does not wait for the engine, and its request is sent", async () => {
  const { tide, host, sink, starts } = worker();
  host.context = "first";
  await answer(tide, "/first");
  assert.equal(starts(), 0);
  await host.advance(0);
  assert.equal(starts(), 1);
  await host.advance(600);
  assert.deepEqual(routesOf(sink), ["/first"]);
  assert.equal(assertLaws(tide).sinks[0]?.delivered, 1);
});

test("if the first request dies, the next one starts the engine, and both are sent", async () => {
  const { tide, host, sink } = worker();
  host.context = "first";
  await answer(tide, "/first");
  host.kill("first");
  await host.advance(60_000);
  host.context = "second";
  await answer(tide, "/second");
  await host.advance(600);
  assert.deepEqual(routesOf(sink), ["/first", "/second"]);
  assertLaws(tide);
});

test("of a crowd of first requests one calls waitUntil, once; after its death another one does", async () => {
  const { tide, host, sink } = worker();
  let calls = 0;
  const counting = {
    waitUntil: () => {
      calls += 1;
    },
  };
  host.context = "first";
  for (let at = 0; at < 10; at += 1) await answer(tide, "/", undefined, counting);
  assert.equal(calls, 1);
  host.kill("first");
  await host.advance(251);
  host.context = "second";
  await answer(tide, "/", undefined, counting);
  await host.advance(600);
  assert.equal(calls, 2);
  assert.equal(sink.events.length, 11);
  assertLaws(tide);
});

test("a crowd of first requests is recorded in full", async () => {
  const { tide, host, sink } = worker();
  for (let at = 0; at < 1000; at += 1) {
    host.context = `request ${at}`;
    await answer(tide, `/route/${"abcdefghij"[at % 10]}`);
  }
  await host.advance(5000);
  assert.equal(assertLaws(tide).sinks[0]?.delivered, 1000);
  assert.equal(sink.events.length, 1000);
});

for (const [name, read] of [
  ["counters", (tide: Collector) => tide.counters().emitted],
  ["stats", (tide: Collector) => tide.stats().count],
  ["timeline", (tide: Collector) => tide.timeline().count.at(-1)],
  ["queueDepth", (tide: Collector) => tide.queueDepth],
] as const) {
  test(`${name} know a request that ended before the engine started`, async () => {
    const { tide } = worker();
    await answer(tide);
    assert.equal(read(tide), 1);
    assertLaws(tide);
  });
}

test("flush and close send what ended before the engine started", async () => {
  for (const end of ["flush", "close"] as const) {
    const { tide, sink } = worker();
    await answer(tide);
    const { delivered } = await tide[end]();
    assert.deepEqual([delivered, sink.events.length], [1, 1]);
    assertLaws(tide);
  }
});

test("an event of the first request starts the engine, and has its trace", async () => {
  const { tide, host, sink, starts } = worker();
  const { fetch } = instrument(tide, {
    fetch: async (request: Request, _env: object, _ctx: object) => {
      tide.scope(request).evt("within");
      return new Response("ok");
    },
  });
  await fetch(new Request("https://example.com/"), {}, ctx);
  assert.equal(starts(), 1);
  await host.advance(600);
  assert.deepEqual(routesOf(sink), ["EVT", "/"]);
  const [child, request] = sink.events;
  assert.equal(child?.trace_id, request?.trace_id);
  assert.equal(child?.parent_id, request?.span_id);
});

test("work after the first answer belongs to its request", async () => {
  const { tide, host, sink } = worker();
  let late = () => {};
  const { fetch } = instrument(tide, {
    fetch: async (request: Request, _env: object, _ctx: object) => {
      const scope = tide.scope(request);
      late = () => scope.evt("late");
      return new Response("ok");
    },
  });
  await fetch(new Request("https://example.com/"), {}, ctx);
  await settle();
  late();
  await host.advance(600);
  assert.deepEqual(routesOf(sink), ["/", "EVT"]);
  const [request, event] = sink.events;
  assert.equal(event?.parent_id, request?.span_id);
  assertLaws(tide);
});

test("rules match the path of an early request, though its route came later", async () => {
  const { tide, host, sink } = worker({ sampling: { exclude: ["/excluded"] } });
  const { fetch } = instrument(tide, {
    fetch: async (request: Request, _env: object, _ctx: object) => {
      tide.scope(request).route("/:any");
      return new Response("ok");
    },
  });
  await fetch(new Request("https://example.com/excluded"), {}, ctx);
  await fetch(new Request("https://example.com/kept"), {}, ctx);
  await host.advance(600);
  assert.deepEqual(routesOf(sink), ["/:any"]);
  assert.equal(assertLaws(tide).excluded, 1);
});

test("bad options are reported by the first answer's work, and its request is refused", async () => {
  const { tide, host } = worker({ queueSize: -1 });
  await answer(tide);
  await host.advance(0);
  assert.equal((tide.error as { code?: string } | undefined)?.code, "config/queue-size");
  assert.equal(assertLaws(tide).refused, 1);
});

test("a request that fails, or whose context takes no work, is recorded at once", async () => {
  const failed = worker();
  await assert.rejects(
    answer(failed.tide, "/", async () => {
      throw new TypeError("no");
    }),
  );
  assert.equal(failed.starts(), 1);
  const refusing = worker();
  const closed = {
    waitUntil: () => {
      throw new Error("over");
    },
  };
  await answer(refusing.tide, "/", undefined, closed);
  assert.equal(refusing.starts(), 1);
  assert.equal(assertLaws(refusing.tide).emitted, 1);
});
