/** Trace ids that people can use: those of requests and spans, and what nests in what. */
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { withTide } from "../../js/adapters/fetch.ts";
import { instrument } from "../../js/adapters/workers.ts";
import { memorySink } from "../../js/index.ts";
import type { CollectorOptions, NdjsonEvent, Scope } from "../../js/types/index.ts";
import { assertLaws, callsOf, settle, simulated } from "./_engine.ts";

type Event = NdjsonEvent & Record<string, unknown>;

const CONTEXT = new AsyncLocalStorage<unknown>();
const NO_CONTEXT = { run: <T>(_store: unknown, work: () => T) => work(), getStore: () => undefined };
const PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

function setup(options: CollectorOptions = {}) {
  const memory = memorySink();
  const { tide, host } = simulated({ context: CONTEXT as never, ...options, sinks: [memory] });
  const sent: Headers[] = [];
  host.fetch = async (input, init) => {
    sent.push(new Request(input as string, init as RequestInit).headers);
    return new Response("ok");
  };
  const request = (work: (request: Request) => unknown, headers: Record<string, string> = {}) => {
    const handler = withTide(tide, async (given: Request) => {
      await work(given);
      return new Response("ok");
    });
    return handler(new Request("https://example.com/a", { headers })) as Promise<Response>;
  };
  const events = async () => {
    await tide.flush();
    assertLaws(tide);
    return [...memory.events] as unknown as Event[];
  };
  return { tide, host, sent, request, events };
}

/** Each event as `name > parent's name`. */
function tree(events: readonly Event[]): string[] {
  const nameOf = (event: Event | undefined) =>
    String(event?.["fn"] ?? event?.["name"] ?? event?.["summary"] ?? event?.kind);
  return events.map((event) => {
    const parent = events.find(({ span_id }) => span_id === event.parent_id);
    return `${nameOf(event)} > ${parent ? nameOf(parent) : (event.parent_id ?? "")}`;
  });
}

/** The same work, nested by context, and by the scopes that are handed on. */
const nested: Record<string, (scope: Scope) => Promise<unknown>> = {
  context: (scope) =>
    scope.time("a", async () => {
      scope.evt("in a");
      await scope.query("select 1 from t", async () => {
        await settle();
        scope.evt("in query");
        await scope.fetch("https://api.example.com/x");
      });
      await Promise.all(
        ["b", "c"].map((name) => scope.time(name, () => settle().then(() => scope.evt(`in ${name}`)))),
      );
      scope.fn("given", 1_700_000_000_000, 1);
    }),
  scopes: (scope) =>
    scope.time("a", async (a) => {
      a.evt("in a");
      await a.query("select 1 from t", async (query) => {
        await settle();
        query.evt("in query");
        await query.fetch("https://api.example.com/x");
      });
      await Promise.all(
        ["b", "c"].map((name) => a.time(name, (inner) => settle().then(() => inner.evt(`in ${name}`)))),
      );
      a.fn("given", 1_700_000_000_000, 1);
    }),
};

for (const [how, context] of [
  ["context", CONTEXT],
  ["scopes", CONTEXT],
  ["scopes", NO_CONTEXT],
] as const) {
  test(`what runs within measured work has its span as parent: ${how}`, async () => {
    const { tide, request, sent, events } = setup({ context: context as never });
    let own: Scope | undefined;
    await request((given) => {
      own = tide.scope(given);
      return nested[how]?.(own);
    });
    const all = await events();
    assert.deepEqual(tree(all).sort(), [
      "GET api.example.com > SELECT t",
      "REQ > ",
      "SELECT t > a",
      "a > REQ",
      "b > a",
      "c > a",
      "given > a",
      "in a > a",
      "in b > b",
      "in c > c",
      "in query > SELECT t",
    ]);
    assert.equal(new Set(all.map(({ trace_id }) => trace_id)).size, 1);
    const call = all.find((event) => event["fn"] === "GET api.example.com");
    assert.equal(sent[0]?.get("traceparent")?.slice(36, 52), call?.span_id);
    const root = all.find(({ kind }) => kind === "REQ");
    assert.deepEqual([own?.traceId, own?.spanId], [root?.trace_id, root?.span_id]);
  });
}

test("work outside of a request is a trace with what runs within it", async () => {
  const { tide, sent, events } = setup();
  await nested["context"]?.({ ...tide } as never);
  const all = await events();
  assert.equal(
    tree(all)
      .filter((line) => line.endsWith("> "))
      .join(),
    "a > ",
  );
  assert.equal(new Set(all.map(({ trace_id }) => trace_id)).size, 1);
  assert.equal(sent[0]?.get("traceparent")?.slice(3, 35), all[0]?.trace_id);
});

test("ids are those of the events, sampled or not, and the same during and after the request", async () => {
  for (const sampling of [{}, { rate: 0 }, { rate: 0.5, rng: () => 0.9 }, { exclude: ["/a"] }]) {
    for (const headers of [{}, { traceparent: PARENT }] as const) {
      const { tide, request, events } = setup({ sampling });
      let scope: Scope | undefined;
      let during: string[] = [];
      await request((given) => {
        scope = tide.scope(given);
        assert.equal(tide.traceparent, scope.traceparent);
        during = [scope.traceId, scope.spanId, scope.traceparent];
        return scope.time("a", (inner) => {
          assert.equal(inner.traceId, during[0]);
          assert.equal(inner.traceparent, tide.traceparent);
          inner.evt("x");
        });
      }, headers);
      assert.deepEqual([scope?.traceId, scope?.spanId, scope?.traceparent], during);
      const [traceId = "", spanId = "", traceparent = ""] = during;
      assert.match(traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/);
      assert.deepEqual([traceparent.slice(3, 35), traceparent.slice(36, 52)], [traceId, spanId]);
      if ("traceparent" in headers) assert.equal(traceId, PARENT.slice(3, 35));
      const all = await events();
      const isRecorded = Object.keys(sampling).length === 0;
      assert.equal(all.length, isRecorded ? 3 : 0);
      assert.equal(Number.parseInt(traceparent.slice(53), 16) % 2, isRecorded ? 1 : 0);
      for (const { trace_id } of all) assert.equal(trace_id, traceId);
      if (isRecorded) assert.equal(all.at(-1)?.span_id, spanId);
    }
  }
});

test("a header is of the trace of its request, or of none, whether the request is recorded or not", async () => {
  const next = `01${PARENT.slice(2)}-more`;
  for (const [header, isValid] of [
    [` ${PARENT} `, true],
    [next, true],
    [`${PARENT}-more`, false],
    [PARENT.toUpperCase(), false],
    [`ff${PARENT.slice(2)}`, false],
    [PARENT.replace("b7ad6b7169203331", "0".repeat(16)), false],
  ] as const) {
    for (const sampling of [{}, { rate: 0 }, { exclude: ["/a"] }]) {
      const { tide, request } = setup({ sampling });
      let found = "";
      await request((given) => (found = tide.scope(given).traceparent), { traceparent: header });
      assert.match(found, /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/);
      assert.equal(
        found.slice(3, 35) === PARENT.slice(3, 35),
        isValid,
        `${header} ${JSON.stringify(sampling)}`,
      );
    }
  }
});

test("ids that are asked for after the request are its own, and stay the same", async () => {
  for (const sampling of [{}, { rate: 0 }, { exclude: ["/a"] }]) {
    const { tide, request, events } = setup({ sampling });
    let scope: Scope | undefined;
    await request((given) => {
      scope = tide.scope(given);
    });
    const { traceparent } = scope as Scope;
    assert.match(traceparent, /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[0-3]$/);
    assert.equal(scope?.traceparent, traceparent);
    scope?.evt("late");
    for (const { trace_id } of await events()) assert.equal(trace_id, scope?.traceId);
  }
});

test("where nothing is recorded ids are empty, and nothing throws", async () => {
  const { tide: inert } = simulated(() => {
    throw new Error("no options");
  });
  const { tide } = setup();
  for (const scope of [inert, inert.scope({}), tide, tide.scope({}), tide.scope(null as never)]) {
    assert.deepEqual([scope.traceId, scope.spanId, scope.traceparent], ["", "", ""]);
    scope.recordException(new Error("x"));
    assert.equal(
      scope.time("a", () => 7),
      7,
    );
  }
});

test("a function that declares no argument gets none", () => {
  const { tide } = setup();
  const counts: number[] = [];
  const count = (...args: unknown[]) => counts.push(args.length);
  tide.time("rest", count);
  tide.time("default", ((a = 5) => counts.push(a)) as () => number);
  tide.query("select 1", (...args: unknown[]) => counts.push(args.length));
  assert.deepEqual(counts, [0, 5, 0]);
  tide.time("declared", (inner) => assert.equal(typeof inner.evt, "function"));
});

test("attributes of measured work", async () => {
  const { tide, events } = setup();
  tide.time("a", () => 1, { attributes: { plan: "pro" } });
  tide.time("b", () => 1, {});
  assert.deepEqual(
    (await events()).map(({ attributes }) => attributes),
    [{ plan: "pro" }, undefined],
  );
});

test("on Workers the engine starts when an id is asked for, and not before", async () => {
  const memory = memorySink();
  const { tide, host } = simulated(() => ({ sinks: [memory], context: CONTEXT as never }), "workers");
  let traceId = "";
  const worker = instrument(tide, {
    fetch(request: Request, env: object, ctx: object) {
      void env;
      void ctx;
      if (request.url.endsWith("id")) traceId = tide.scope(request).traceId;
      return new Response("ok");
    },
  });
  const pending: Promise<unknown>[] = [];
  const context = { waitUntil: (work: Promise<unknown>) => void pending.push(work) };
  const opens = callsOf("engine_open", () => void worker.fetch(new Request("https://h/plain"), {}, context));
  assert.equal(opens, 0);
  worker.fetch(new Request("https://h/id"), {}, context);
  assert.match(traceId, /^[0-9a-f]{32}$/);
  for (let n = 0; n < 10; n += 1) await host.advance(100);
  await Promise.all(pending);
  const all = memory.events as unknown as Event[];
  assert.deepEqual(
    all.map((event) => [event["route"], event.trace_id === traceId]),
    [
      ["/plain", false],
      ["/id", true],
    ],
  );
});
