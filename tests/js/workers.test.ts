import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { instrument } from "../../js/adapters/workers.ts";
import { memorySink } from "../../js/index.ts";
import type { CollectorOptions } from "../../js/types/index.ts";
import { assertLaws, settle, simulated } from "./_engine.ts";

type Event = Record<string, unknown>;
type Handler = (request: Request, env: unknown, ctx: unknown) => unknown;

function setup(options: CollectorOptions = {}) {
  const memory = memorySink();
  const { tide, host } = simulated({ ...options, sinks: [memory] }, "workers");
  const ctx = { waitUntil: () => {} };
  const events = async (): Promise<Event[]> => {
    const flushed = tide.flush();
    await settle();
    await host.advance(100);
    await flushed;
    return [...memory.events] as unknown as Event[];
  };
  const call = (fetch: Handler, path = "/a", init?: RequestInit) =>
    instrument(tide, { fetch }).fetch(new Request(`https://example.com${path}`, init), {}, ctx);
  return { tide, host, ctx, events, call };
}

test("the very same Response comes back, its body untouched", async () => {
  const { call, events } = setup();
  const response = new Response("hi", { status: 201 });
  assert.equal(await call(async () => response), response);
  assert.equal(response.bodyUsed, false);
  assert.equal(await call(() => response), response);
  const [first] = await events();
  assert.deepEqual(
    [first?.["kind"], first?.["route"], first?.["method"], first?.["status"]],
    ["REQ", "/a", "GET", 201],
  );
});

test("what the handler throws is thrown on, the same value, and recorded as an error of status 500", async () => {
  const { call, events } = setup();
  for (const thrown of [new TypeError("x"), "text", undefined, 0, { name: "Custom" }]) {
    await assert.rejects(
      async () => call(() => Promise.reject(thrown)),
      (error) => error === thrown,
    );
    assert.throws(
      () =>
        call(() => {
          throw thrown;
        }),
      (error) => error === thrown,
    );
  }
  const found = (await events())
    .filter(({ kind }) => kind === "REQ")
    .map(({ status, error }) => [status, error]);
  const errors = ["TypeError", "string", "throw", "Error", "Custom"];
  assert.deepEqual(
    found,
    errors.flatMap((error) => [
      [500, error],
      [500, error],
    ]),
  );
});

test("time to headers is the duration; a clock that stood still measured nothing", async () => {
  const { call, host, events } = setup();
  await call(async () => {
    host.nowMs += 7;
    return new Response();
  });
  await call(() => new Response());
  const [moved, still] = await events();
  assert.equal(moved?.["dur_ms"], 7);
  assert.equal("dur_ms" in still!, false);
});

test("paths lose their query and ids; a route that is given is kept", async () => {
  const { tide, ctx, call, events } = setup();
  await call(() => new Response(), "/users/12345?token=secret");
  const routed = instrument(
    tide,
    { fetch: (_: Request, _env: unknown, _ctx: unknown) => new Response() },
    { route: () => "/u/[id]" },
  );
  await routed.fetch(new Request("https://example.com/u/1"), {}, ctx);
  const failing = instrument(
    tide,
    { fetch: (_: Request, _env: unknown, _ctx: unknown) => new Response() },
    {
      route: () => {
        throw new Error("mine");
      },
    },
  );
  await failing.fetch(new Request("https://example.com"), {}, ctx);
  assert.deepEqual(
    (await events()).map(({ route }) => route),
    ["/users/:id", "/u/[id]", "/"],
  );
});

test("a scope links its events to its request and sets route and attributes", async () => {
  const { tide, call, events } = setup();
  await call(async (request) => {
    const scope = tide.scope(request);
    scope.route("/shop/:x");
    scope.set("plan", "pro");
    scope.set("plan", "free");
    scope.evt("added", { n: 1 });
    assert.equal(
      scope.time("work", () => 5),
      5,
    );
    assert.equal(await scope.query("select * from t where a = 'x'", async () => 6, { rows: 2 }), 6);
    await assert.rejects(
      scope.time("fails", async () => {
        throw new RangeError("x");
      }),
      RangeError,
    );
    return new Response();
  });
  const found = await events();
  const request = found.find(({ kind }) => kind === "REQ")!;
  assert.equal(request["route"], "/shop/:x");
  assert.deepEqual(request["attributes"], { plan: "free" });
  const children = found.filter(({ kind }) => kind !== "REQ");
  assert.equal(children.length, 4);
  for (const child of children) {
    assert.equal(child["parent_id"], request["span_id"]);
    assert.equal(child["trace_id"], request["trace_id"]);
  }
  assert.deepEqual(children.map(({ error }) => error).filter(Boolean), ["RangeError"]);
});

test("with a context the collector's own methods find their request, across awaits and side by side", async () => {
  const { tide, call, events } = setup({ context: new AsyncLocalStorage() });
  const handler = async (request: Request) => {
    await null;
    tide.evt(new URL(request.url).pathname);
    await tide.time(new URL(request.url).pathname, async () => null);
    return new Response();
  };
  await Promise.all([call(handler, "/one"), call(handler, "/two")]);
  tide.evt("outside");
  const found = await events();
  for (const path of ["/one", "/two"]) {
    const { span_id } = found.find(({ route }) => route === path)!;
    const linked = found.filter(({ parent_id }) => parent_id === span_id).map(({ name, fn }) => name ?? fn);
    assert.deepEqual(linked, [path, path]);
  }
  assert.equal("parent_id" in found.find(({ name }) => name === "outside")!, false);
});

test("the first request's env configures the collector", async () => {
  const memory = memorySink();
  const { tide } = simulated(
    (env: { ROUTE?: string }) => ({ sampling: { exclude: [env.ROUTE ?? ""] }, sinks: [memory] }),
    "workers",
  );
  const worker = instrument(tide, {
    fetch: (_request: Request, _env: unknown, _ctx: unknown) => new Response(),
  });
  worker.fetch(new Request("https://example.com/health"), { ROUTE: "/health" }, undefined);
  worker.fetch(new Request("https://example.com/health"), { ROUTE: "/other" }, undefined);
  assert.equal(tide.error, undefined);
  assert.equal(assertLaws(tide).excluded, 2);
});

test("a parent's traceparent is continued", async () => {
  const { call, events } = setup();
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  await call(() => new Response(), "/a", { headers: { traceparent } });
  const [event] = await events();
  assert.equal(event?.["trace_id"], "0af7651916cd43dd8448eb211c80319c");
  assert.equal(event?.["parent_id"], "b7ad6b7169203331");
});

test("a storage that fails, a hostile request, a ctx without waitUntil: the request goes on, once", async () => {
  const broken = {
    run: () => {
      throw new Error("no context");
    },
    getStore: () => {
      throw new Error("none");
    },
  };
  const { tide, call } = setup({ context: broken });
  let calls = 0;
  const fetch = () => {
    calls += 1;
    return new Response();
  };
  await call(fetch);
  tide.evt("still works");
  assert.equal(calls, 1);
  const worker = instrument(tide, { fetch: (_request: unknown, _env: unknown, _ctx: unknown) => fetch() });
  const hostile = new Proxy(
    {},
    {
      get: () => {
        throw new Error("hostile");
      },
    },
  );
  for (const request of [hostile, {}, { url: "x", method: 5, headers: { get: () => null } }]) {
    for (const ctx of [
      undefined,
      {},
      {
        waitUntil: () => {
          throw new Error("gone");
        },
      },
    ]) {
      assert.ok((await worker.fetch(request, {}, ctx)) instanceof Response);
    }
  }
  assert.equal(calls, 10);
  const unrelated = instrument({} as never, {
    fetch: (_request: unknown, _env: unknown, _ctx: unknown) => fetch(),
  });
  assert.ok(unrelated.fetch(hostile, {}, undefined) instanceof Response);
  assertLaws(tide);
});

test("whatever a storage does with the work, it runs once and gives what it gives", () => {
  type Run = (store: unknown, work: () => unknown) => unknown;
  const runs: Run[] = [
    () => 1,
    (_store, work) => void work(),
    (_store, work) => {
      work();
      throw new Error("too late");
    },
  ];
  for (const run of runs) {
    const { tide } = setup({ context: { run, getStore: () => undefined } as never });
    let calls = 0;
    assert.equal(
      tide.time("x", () => {
        calls += 1;
        return 5;
      }),
      5,
    );
    assert.equal(calls, 1);
    assert.throws(() => tide.time("x", () => assert.fail("mine")), /mine/);
  }
});

test("other handlers pass through and keep their `this`, also of a class with private fields", async () => {
  const { tide, ctx } = setup();
  class Worker {
    #count = 0;
    fetch(_request: Request, _env: unknown, _ctx: unknown) {
      this.#count += 1;
      return new Response(String(this.#count));
    }
    scheduled(by: number) {
      this.#count += by;
      return this.#count;
    }
  }
  const worker = instrument(tide, new Worker());
  assert.equal(worker.scheduled(5), 5);
  assert.equal(await (await worker.fetch(new Request("https://example.com"), {}, ctx)).text(), "6");
  assert.deepEqual(Object.keys(instrument(tide, { queue: () => 1 } as object)), ["queue"]);
});

test("an unsampled request that fails arrives with its children; one that does not leaves nothing", async () => {
  const { tide, call, events } = setup({ sampling: { rate: 0 } });
  const handler = (status: number) => (request: Request) => {
    tide.scope(request).evt("step");
    assertLaws(tide);
    return new Response(null, { status });
  };
  await call(handler(200));
  await call(handler(503));
  assert.deepEqual(
    (await events()).map(({ kind, status }) => status ?? kind),
    ["EVT", 503],
  );
  assert.equal(assertLaws(tide).sampledOut, 2);
});

test("the user's own draws decide, one a decision, and a source that fails biases nothing", async () => {
  const draws = [0.4, 0.6];
  const { tide, host, call } = setup({
    sampling: { rate: 0.5, exclude: ["/x"], overrides: [["/all", 1]], rng: () => draws.shift() ?? 1 },
  });
  tide.req("/x", "GET", 200, host.nowMs, 1);
  tide.req("/all", "GET", 200, host.nowMs, 1);
  assert.equal(draws.length, 2, "nothing to draw for");
  tide.req("/a", "GET", 200, host.nowMs, 1);
  await call(() => new Response());
  assert.equal(draws.length, 0);
  const { accepted, sampledOut, excluded } = assertLaws(tide);
  assert.deepEqual({ accepted, sampledOut, excluded }, { accepted: 2, sampledOut: 1, excluded: 1 });
});

test("email and tail are roots of their own, under the global rate; a rule for paths does not reach them", async () => {
  const { tide, events } = setup({ sampling: { rate: 1, exclude: ["email"], overrides: [["tail", 0]] } });
  const ctx = { waitUntil: () => {} };
  const worker = instrument(tide, {
    email(message: object, _env: object, _ctx: object) {
      tide.scope(message).evt("read");
    },
    tail: async (_events: object[], _env: object, _ctx: object) => Promise.reject(new TypeError("x")),
  });
  worker.email({}, {}, ctx);
  await assert.rejects(async () => worker.tail([], {}, ctx), TypeError);
  const [read, email, exception, tail] = await events();
  assert.deepEqual([email?.["kind"], email?.["fn"], email?.["error"]], ["FN", "email", undefined]);
  assert.equal(read?.["parent_id"], email?.["span_id"]);
  assert.deepEqual([tail?.["fn"], tail?.["error"]], ["tail", "TypeError"]);
  assert.equal(exception?.["parent_id"], tail?.["span_id"]);
});

test("a root is drawn once, by the user's own draws too", async () => {
  let draws = 0;
  const rng = () => {
    draws += 1;
    return draws % 2 === 0 ? 0.9 : 0.1;
  };
  const { tide, events } = setup({ sampling: { rate: 0.5, rng } });
  const worker = instrument(tide, { scheduled: (_controller: object, _env: object, _ctx: object) => {} });
  for (let n = 0; n < 4; n += 1) worker.scheduled({ cron: "* * * * *" }, {}, { waitUntil: () => {} });
  assert.equal((await events()).length, 2);
  assert.equal(draws, 4);
  assert.equal(assertLaws(tide).sampledOut, 2);
});

test("a request that had no events of its own comes out as one that was open from the start", async () => {
  const rules = { exclude: ["/health", "re:^/secret/7$"], overrides: [["/never", 0]] as [string, number][] };
  const seen = [];
  for (const { call, events, tide, opened } of [
    { ...setup({ sampling: rules }), opened: false },
    { ...setup({ sampling: rules }), opened: true },
  ]) {
    const paths = ["/", "/items", "/items/7", "/health", "/secret/7", "/secret/8", "/never", "/x?y=1"];
    for (const path of [...paths, ...paths, ...paths]) {
      await call(async (request, _env, _ctx) => {
        // A call that carries a traceparent has to know its trace.
        if (opened)
          await tide
            .scope(request as object)
            .fetch("data:,")
            .catch(() => {});
        return new Response(null, { status: path === "/items" ? 404 : 200 });
      }, path);
    }
    const requests = (await events()).filter(({ kind }) => kind === "REQ");
    seen.push(requests.map(({ route, method, status, p }) => [route, method, status, p]));
  }
  assert.deepEqual(seen[0], seen[1]);
  assert.equal(seen[0]?.length, 15);
});

test("a path is shown as its template, though a route of the same text is kept as it is", async () => {
  const { call, events, tide, host } = setup();
  for (let turn = 0; turn < 3; turn += 1) {
    tide.req("/items/7", "GET", 200, host.nowMs, 1);
    tide.req("/items", "GET", 200, host.nowMs, 1);
    await call(() => new Response(), "/items/7");
    await call(() => new Response(), "/items");
  }
  const routes = (await events()).map(({ route }) => route);
  const turn = ["/items/7", "/items", "/items/:id", "/items"];
  assert.deepEqual(routes, [...turn, ...turn, ...turn]);
  assert.equal(tide.stats().series.find(({ name }) => name === "/items")?.count, 6);
});

test("rules decide by the name that a request came with, whatever it is called at its end", async () => {
  const { call, events, tide } = setup({ sampling: { exclude: ["/static"] } });
  const named = (route: string) => (request: Request) => {
    tide.scope(request).route(route);
    return new Response();
  };
  await call(named("/files/*"), "/static/app.js");
  await call(named("/static/*"), "/app.js");
  assert.deepEqual(
    (await events()).map(({ route }) => route),
    ["/static/*"],
  );
  assert.equal(tide.counters().excluded, 1);
});
