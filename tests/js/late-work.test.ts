import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, test } from "node:test";
import { measure, withTide } from "../../js/adapters/fetch.ts";
import { instrument } from "../../js/adapters/workers.ts";
import { createCollector } from "../../js/collector/create-collector.ts";
import { memorySink } from "../../js/sinks/memory.ts";
import type { Collector, CollectorOptions, NdjsonEvent, Scope, Sink } from "../../js/types/index.ts";
import { assertLaws, type SimulatedHost, simulated, trapNext } from "./_engine.ts";

const TEN_MINUTES = 600_000;
const globals = globalThis as { EdgeRuntime?: unknown };

afterEach(() => {
  delete globals.EdgeRuntime;
});

/** A sink that counts its sends. */
function counting(name = "test"): {
  sink: Sink;
  sent: { atMs: number; count: number }[];
  host?: SimulatedHost;
} {
  const sent: { atMs: number; count: number }[] = [];
  const self = {
    sent,
    host: undefined as SimulatedHost | undefined,
    sink: {
      name,
      format: "ndjson" as const,
      send: (_: Uint8Array, { count }: { count: number }) => {
        sent.push({ atMs: self.host?.nowMs ?? 0, count });
        return "ok" as const;
      },
    },
  };
  return self as never;
}

/** A context whose tasks are kept. */
function place(): { tasks: Promise<unknown>[]; waitUntil(work: Promise<unknown>): void } {
  const tasks: Promise<unknown>[] = [];
  return { tasks, waitUntil: (work) => void tasks.push(work) };
}

/** One answered request of a Worker; its scope was asked for while it ran. */
async function answered(tide: Collector, ctx: object, path = "/socket", status = 200): Promise<Scope> {
  let scope: Scope | undefined;
  const worker = instrument(tide, {
    fetch: async (request: Request, _env: unknown, _ctx: unknown) => {
      scope = tide.scope(request);
      return new Response(null, { status });
    },
  });
  await worker.fetch(new Request(`https://example.com${path}`), {}, ctx);
  return scope as Scope;
}

const SOCKETS: readonly (readonly [string, CollectorOptions, number, number])[] = [
  ["one sink, an event each 200 ms", {}, 1, 200],
  ["two sinks", {}, 2, 200],
  ["three sinks, an event each 5 s", {}, 3, 5000],
  ["batches of one event", { batchMax: 1 }, 1, 400],
  ["a short interval", { flushIntervalMs: 50 }, 1, 30],
  ["other limits", { leadSends: 2, invocationSends: 5 }, 1, 200],
];

for (const [name, options, sinks, everyMs] of SOCKETS) {
  test(`a socket that is open for ten minutes keeps to its sends: ${name}`, async () => {
    const all = Array.from({ length: sinks }, (_, at) => counting(`sink ${at}`));
    const { tide, host } = simulated(
      { queueSize: 50_000, ...options, sinks: all.map(({ sink }) => sink) },
      "workers",
    );
    host.context = "request";
    const scope = await answered(tide, place());
    for (let ms = 0; ms < TEN_MINUTES; ms += everyMs) {
      scope.evt("message");
      await host.advance(everyMs);
    }
    const sends = all.reduce((sum, { sent }) => sum + sent.length, 0);
    const limit = options.invocationSends ?? 24;
    assert.ok(sends <= limit, `${sends} sends`);
    assert.ok(sends > (options.leadSends ?? 8), `${sends} sends: it goes on after the first ones`);
    assertLaws(tide);
    // What waits goes with the next invocation.
    await answered(tide, place());
    await host.advance(60_000);
    const [first] = assertLaws(tide).sinks;
    assert.ok((first?.queued ?? 0) < 50_000);
    assert.ok(all.reduce((sum, { sent }) => sum + sent.length, 0) > sends);
  });
}

test("after the first sends the pause doubles, up to five minutes", async () => {
  const counted = counting();
  const { tide, host } = simulated(
    { queueSize: 50_000, invocationSends: 40, sinks: [counted.sink] },
    "workers",
  );
  counted.host = host;
  const scope = await answered(tide, place());
  for (let ms = 0; ms < 3 * TEN_MINUTES; ms += 250) {
    scope.evt("message");
    await host.advance(250);
  }
  const gaps = counted.sent.slice(1).map(({ atMs }, at) => atMs - (counted.sent[at]?.atMs ?? 0));
  assert.ok(
    gaps.slice(0, 7).every((ms) => ms <= 1000),
    String(gaps),
  );
  gaps.slice(7, 16).forEach((ms, at) => {
    const pause = 1000 * 2 ** at;
    assert.ok(ms >= pause && ms <= pause + 1000, String(gaps));
  });
  assert.ok(
    gaps.slice(16).every((ms) => ms >= 300_000 && ms <= 301_000),
    String(gaps),
  );
});

test("events of no request share one count of the isolate, which falls with time", async () => {
  const counted = counting();
  const { tide, host } = simulated({ queueSize: 50_000, sinks: [counted.sink] }, "edge");
  globals.EdgeRuntime = place();
  for (let ms = 0; ms < TEN_MINUTES; ms += 200) {
    tide.evt("tick");
    await host.advance(200);
  }
  const first = counted.sent.length;
  assert.ok(first > 8 && first <= 24, String(first));
  for (let ms = 0; ms < 18 * TEN_MINUTES; ms += 5000) {
    tide.evt("tick");
    await host.advance(5000);
  }
  const later = counted.sent.length - first;
  assert.ok(later > 24 && later <= 24 + 18 * 2, `${later}: about one in five minutes`);
  assertLaws(tide);
});

test("late work is sent by the context of its scope, and of its async store", async () => {
  for (const withStore of [true, false]) {
    const counted = counting();
    const storage = withStore ? { context: new AsyncLocalStorage() as never } : {};
    const { tide, host } = simulated({ ...storage, sinks: [counted.sink] }, "workers");
    let fire = () => {};
    const gate = new Promise<void>((resolve) => {
      fire = resolve;
    });
    let late: Promise<void> | undefined;
    const worker = instrument(tide, {
      fetch: async (request: Request, _env: unknown, _ctx: unknown) => {
        const scope = withStore ? tide : tide.scope(request);
        late = gate.then(() => scope.evt("late"));
        return new Response();
      },
    });
    const ctx = place();
    await worker.fetch(new Request("https://example.com/a"), {}, ctx);
    // The leader of the request's end dies. Its term runs out.
    host.kill("process");
    await host.advance(1000);
    assert.deepEqual([ctx.tasks.length, counted.sent.length], [1, 0]);
    fire();
    await late;
    await host.advance(600);
    assert.deepEqual([ctx.tasks.length, counted.sent[0]?.count], [2, 2], `with a store: ${withStore}`);
  }
});

test("a late event leads when nobody does", async () => {
  const counted = counting();
  const { tide, host } = simulated({ sinks: [counted.sink] }, "workers");
  const ctx = place();
  const scope = await answered(tide, ctx);
  await host.advance(5000);
  assert.deepEqual([counted.sent.length, ctx.tasks.length], [1, 1]);
  scope.evt("late");
  await host.advance(600);
  assert.deepEqual([counted.sent.length, ctx.tasks.length], [2, 2]);
  await host.advance(5000);
  await Promise.all(ctx.tasks);
});

const RESULTS = [
  ["recorded", "/a", 200, 1],
  ["sampled out", "/a", 200, 0],
  ["kept for its status", "/a", 503, 0],
  ["excluded", "/no", 200, 1],
] as const;

for (const [name, path, status, rate] of RESULTS) {
  test(`late events of a request that is ${name} count as it does`, async () => {
    const memory = memorySink();
    const { tide } = simulated({ sampling: { rate, exclude: ["/no"] }, sinks: [memory] }, "workers");
    const scope = await answered(tide, place(), path, status);
    const before = assertLaws(tide);
    scope.evt("evt");
    scope.fn("fn", 1);
    await scope.query("select 1", async () => 1);
    const after = assertLaws(tide);
    assert.equal(after.pending, 0);
    for (const count of ["accepted", "sampledOut", "excluded", "refused"] as const) {
      assert.equal(after[count], 4 * before[count], count);
    }
    await tide.flush();
    const [request, ...late] = memory.events as readonly NdjsonEvent[];
    for (const event of late) {
      assert.deepEqual(
        [event.trace_id, event.parent_id, event.p],
        [request?.trace_id, request?.span_id, request?.p],
      );
    }
  });
}

test("late errors of a request that is not recorded share its trace, and have no parent", async () => {
  const memory = memorySink();
  const { tide } = simulated({ sampling: { rate: 0 }, sinks: [memory] }, "workers");
  const scope = await answered(tide, place());
  scope.fn("one", 1, 1, new Error());
  await assert.rejects(scope.time("two", () => Promise.reject(new TypeError())));
  await tide.flush();
  const [one, two] = memory.events;
  assert.equal(memory.events.length, 2);
  assert.deepEqual([one?.p, one?.parent_id, two?.parent_id], [1, undefined, undefined]);
  assert.ok(one?.trace_id !== undefined && one.trace_id === two?.trace_id);
});

test("a late call carries the trace of its request, with a span of its own", async () => {
  for (const rate of [1, 0]) {
    const memory = memorySink();
    const { tide, host } = simulated({ sampling: { rate }, sinks: [memory] }, "workers");
    const sent: string[] = [];
    host.fetch = (_, init) => {
      sent.push(new Headers((init as RequestInit).headers).get("traceparent") ?? "");
      return Promise.resolve(new Response(null, { status: 503 }));
    };
    const scope = await answered(tide, place());
    await scope.fetch("https://example.com/");
    await scope.fetch("https://example.com/");
    await tide.flush();
    const [first, second] = memory.events.filter(({ kind }) => kind === "FN");
    assert.deepEqual(
      sent.map((header) => header.split("-").slice(1, 3)),
      [first, second].map((event) => [event?.trace_id, event?.span_id]),
    );
    assert.equal(first?.trace_id, second?.trace_id);
    assert.ok(sent.every((header) => Number.parseInt(header.slice(-1), 16) % 2 === rate));
  }
});

test("what became of a request outlives its engine; what was lost with it counts as refused", async () => {
  const memory = memorySink();
  const { tide } = simulated({ sinks: [memory] }, "workers");
  // The first requests teach the buffer their method.
  await answered(tide, place());
  const known = await answered(tide, place());
  tide.evt("flushes the buffer");
  const lost = await answered(tide, place());
  trapNext("engine_recordRequests");
  known.evt("known");
  const before = assertLaws(tide).refused;
  lost.evt("lost");
  assert.equal(assertLaws(tide).refused, before + 1);
  known.evt("known again");
  await tide.flush();
  const [one] = memory.events.filter((event) => event.kind === "EVT" && event.name === "known again");
  assert.ok(one?.parent_id !== undefined);
});

test("without a context it warns once, and sends what is due beside the next request", async (t) => {
  const warn = t.mock.method(console, "warn", () => {});
  const counted = counting();
  const { tide, host } = simulated({ sinks: [counted.sink] }, "edge");
  const handler = withTide(tide, async (_: Request) => new Response("hi"));
  for (let n = 0; n < 3; n += 1) {
    await handler(new Request("https://example.com/a"));
    assert.equal(counted.sent.length, n, "the next request sends, not this one");
    await host.advance(1000);
  }
  assert.equal(warn.mock.callCount(), 1);
  assert.match(String(warn.mock.calls[0]?.arguments[0]), /waitUntil/);
  assert.equal(counted.sent.length, 2);
});

test("a function that gets an event measures the event's request, on its context", async (t) => {
  const warn = t.mock.method(console, "warn", () => {});
  const request = new Request("https://example.com/a/12345?q");
  const events: readonly (readonly [string, object, (ctx: object) => object])[] = [
    ["Pages", {}, (ctx) => ({ request, env: {}, ...ctx })],
    ["SvelteKit", {}, (ctx) => ({ event: { request, platform: { context: ctx } } })],
    ["an event of SvelteKit", {}, (ctx) => ({ request, platform: { ctx } })],
    ["h3", {}, (ctx) => ({ req: request, context: { cloudflare: { context: ctx } } })],
    [
      "h3 of Nitro 2",
      {},
      (ctx) => ({
        node: { req: { url: "/a/12345?q", method: "GET", headers: {} } },
        context: { cloudflare: { context: ctx } },
      }),
    ],
    ["srvx", {}, (ctx) => Object.assign(new Request(request), ctx)],
    [
      "a getter that throws",
      {},
      (ctx) => ({
        request,
        context: ctx,
        get platform() {
          throw new Error();
        },
      }),
    ],
  ];
  for (const [name, , eventOf] of events) {
    const { tide } = simulated({}, "workers");
    const ctx = place();
    let seen: unknown;
    const given = eventOf(ctx);
    await withTide(tide, async (event: unknown) => {
      seen = event;
      return new Response();
    })(given);
    assert.equal(seen, given);
    assert.equal(tide.stats().series[0]?.name, "/a/:id", name);
  }
  const { tide } = simulated({}, "workers");
  for (const given of [undefined, null, 7, {}, { request: "no" }]) {
    assert.equal(withTide(tide, (_: unknown) => "answer")(given), "answer");
  }
  assert.equal(tide.stats().count, 0);
  assert.equal(warn.mock.callCount(), 1, "one line for all of them");
});

test("on Workers the environment is found where hosts and frameworks have it", () => {
  const globals = globalThis as { WebSocketPair?: unknown };
  globals.WebSocketPair = class {};
  try {
    const request = () => new Request("https://example.com/a");
    const env = { NAME: "mine" };
    const runtime = { cloudflare: { env } };
    const given: Readonly<Record<string, unknown[]>> = {
      Workers: [request(), env],
      Pages: [{ request: request(), env }],
      SvelteKit: [{ request: request(), platform: { env } }],
      "Nitro 2": [{ node: { req: { url: "/a", method: "GET", headers: {} } }, context: runtime }],
      "Nitro 3": [Object.assign(request(), { runtime })],
      "Nitro 3, with its event": [Object.assign(request(), { runtime }), { req: request() }],
      "h3 of Nitro 3": [{ req: Object.assign(request(), { runtime }) }],
    };
    for (const [name, [first, ...rest]] of Object.entries(given)) {
      let seen: unknown;
      const tide = createCollector((found) => {
        seen = found;
        return { autoTick: false };
      });
      withTide(tide, (..._: unknown[]) => new Response())(first, ...rest);
      assert.equal(seen, env, name);
    }
  } finally {
    delete globals.WebSocketPair;
  }
});

test("measure passes the result on; with flush: await it comes when all is sent", async () => {
  const counted = counting();
  const { tide } = simulated({ sinks: [counted.sink] }, "process");
  const request = new Request("https://example.com/a");
  assert.equal(await measure(tide, request, async () => "one"), "one");
  assert.equal(counted.sent.length, 0);
  assert.equal(await measure(tide, { request }, async () => "two", { flush: "await" }), "two");
  assert.deepEqual(
    counted.sent.map(({ count }) => count),
    [2],
  );
  const failure = new Error("mine");
  await assert.rejects(
    measure(tide, request, () => Promise.reject(failure), { flush: "await" }),
    (error) => error === failure,
  );
});
