import assert from "node:assert/strict";
import { test } from "node:test";
import { measure, withTide } from "../../js/adapters/fetch.ts";
import { instrument } from "../../js/adapters/workers.ts";
import { memorySink } from "../../js/sinks/memory.ts";
import type { CollectorOptions } from "../../js/types/index.ts";
import { assertLaws, settle, simulated } from "./_engine.ts";

type Event = Record<string, unknown>;
type Handler = (request: Request) => unknown;

const CTX = { waitUntil() {} };
const request = (path = "/a", init?: RequestInit) => new Request(`https://example.com${path}`, init);

function setup(options: CollectorOptions = {}, kind: "workers" | "process" = "process") {
  const memory = memorySink();
  const { tide, host } = simulated({ ...options, sinks: [memory] }, kind);
  const events = async (): Promise<Event[]> => {
    const flushed = tide.flush();
    await settle();
    await host.advance(100);
    await flushed;
    assertLaws(tide);
    return [...memory.events] as unknown as Event[];
  };
  return { tide, events };
}

const used = async () => {
  const response = new Response("x");
  await response.text();
  return response;
};

/** What a runtime cannot send. */
const UNUSABLE: readonly (readonly [string, Handler])[] = [
  ["undefined", () => undefined],
  ["null", () => null],
  ["a text", () => "text"],
  ["a number", () => 42],
  ["an object", () => ({})],
  ["an array", () => [200]],
  ["a request", () => request()],
  ["an object with a status", () => ({ status: 200, body: "x" })],
  ["a promise of nothing", async () => undefined],
  ["a promise of a text", async () => "text"],
  ["a response that is an error", () => Response.error()],
  ["a response that was read", used],
  [
    "an object whose getters throw",
    () => ({
      get status() {
        throw new Error("mine");
      },
    }),
  ],
];

test("a Response that is thrown within `measure` is an answer; any other error, and one in a handler, is a failure", async () => {
  const { tide, events } = setup();
  const redirect = new Response(null, { status: 302, headers: { location: "/login" } });
  const thrown = (): Response => {
    throw redirect;
  };
  const isRedirect = (error: unknown) => error === redirect;
  assert.throws(() => measure(tide, request("/sync"), thrown), isRedirect);
  await assert.rejects(
    measure(tide, request("/async"), async () => thrown()),
    isRedirect,
  );
  const odd = Object.defineProperty({}, "headers", {
    get() {
      throw new Error("mine");
    },
  });
  assert.throws(() =>
    measure(tide, request("/odd"), () => {
      throw odd;
    }),
  );
  await assert.rejects(async () => withTide(tide, (_: Request) => thrown())(request("/handler")), isRedirect);
  const seen = (await events()).filter(({ kind }) => kind === "REQ");
  assert.deepEqual(
    seen.map(({ route, status, error }) => [route, status, error === undefined]),
    [
      ["/sync", 302, true],
      ["/async", 302, true],
      ["/odd", 500, false],
      ["/handler", 500, false],
    ],
  );
});

for (const [name, answer] of UNUSABLE) {
  test(`an answer that no runtime can send is a 500 and an error, and comes back as it is: ${name}`, async () => {
    for (const wrap of [
      (tide: object, fetch: Handler) => instrument(tide as never, { fetch }).fetch as Handler,
      (tide: object, fetch: Handler) =>
        instrument(tide as never, { fetch }, { untilBodyEnds: true }).fetch as Handler,
      (tide: object, fetch: Handler) => withTide(tide as never, fetch) as Handler,
    ]) {
      const { tide, events } = setup();
      let made: unknown;
      const handler = wrap(tide, (given) => {
        made = answer(given);
        return made;
      });
      const got = await (handler as (...args: unknown[]) => unknown)(request(), {}, CTX);
      assert.equal(got, await made);
      const [event] = await events();
      assert.deepEqual([event?.["status"], event?.["error"]], [500, "TypeError"]);
    }
  });
}

test("a response of another program's class is one", async () => {
  const { tide, events } = setup();
  class Other {
    readonly status = 201;
    readonly headers = new Map();
  }
  withTide(tide, (_: Request) => new Other())(request());
  const [event] = await events();
  assert.deepEqual([event?.["status"], event?.["error"]], [201, undefined]);
});

test("no answer is none where the host goes on with the request, or has upgraded it", async () => {
  const cases: readonly (readonly [string, unknown, number | undefined])[] = [
    ["Netlify", { next: () => new Response() }, undefined],
    ["Bun, upgraded", { upgrade: () => true, requestIP: () => null }, 101],
    ["Bun, not upgraded", { upgrade: () => false, requestIP: () => ({ address: "::1" }) }, 500],
  ];
  for (const [name, host, status] of cases) {
    const { tide, events } = setup();
    withTide(tide, (_request: Request, _host: unknown) => undefined)(request(), host);
    const [event] = await events();
    assert.equal(event?.["status"], status, name);
    assert.equal(event?.["error"], status === 500 ? "TypeError" : undefined, name);
  }
  const globals = globalThis as { EdgeRuntime?: unknown };
  globals.EdgeRuntime = "edge-runtime";
  try {
    const { tide, events } = setup();
    withTide(tide, (_: Request) => undefined)(request());
    const [event] = await events();
    assert.deepEqual([event?.["status"], event?.["error"]], [undefined, undefined]);
  } finally {
    delete globals.EdgeRuntime;
  }
});

test("what measured work gives is the framework's to answer with: no error, and a status if it has one", async () => {
  const { tide, events } = setup();
  const answers = [undefined, "text", { title: "page" }, { statusCode: 404 }, { status: 7 }, new Response()];
  for (const answer of answers)
    assert.equal(
      measure(tide, request(), () => answer),
      answer,
    );
  assert.deepEqual(
    (await events()).map(({ status, error }) => [status, error]),
    [undefined, undefined, undefined, 404, undefined, 200].map((status) => [status, undefined]),
  );
});

test("measure takes what frameworks have for a request, and finds the scope by it", async () => {
  const headers = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
  const lambda = { headers, requestContext: { http: { method: "GET" } }, rawPath: "/a/12345" };
  const given: readonly (readonly [string, object])[] = [
    ["a Request", request("/a/12345", { headers })],
    ["Node's request", { url: "/a/12345?q=1", method: "GET", headers }],
    ["SvelteKit, Astro, React Router", { request: request("/a/12345", { headers }) }],
    ["h3", { req: request("/a/12345", { headers }) }],
    ["Express as tRPC has it", { req: { url: "/a/12345", method: "GET", headers }, res: {} }],
    ["Lambda, version 2", lambda],
    ["Lambda, version 1", { headers, httpMethod: "GET", path: "/a/12345" }],
  ];
  for (const [name, event] of given) {
    const { tide, events } = setup();
    measure(tide, event, () => tide.scope(event).set("seen", true));
    const [found] = await events();
    assert.deepEqual([found?.["route"], found?.["method"]], ["/a/:id", "GET"], name);
    assert.equal(found?.["parent_id"], "b7ad6b7169203331", name);
    assert.deepEqual(found?.["attributes"], { seen: true }, name);
  }
});

test("measure: a route is a text, a function, or none", async () => {
  const { tide, events } = setup();
  const routes = [
    "/a/[id]",
    () => "/by/{function}",
    null,
    undefined,
    () => undefined,
    () => assert.fail("x"),
  ];
  for (const route of routes) measure(tide, request("/a/12345"), () => new Response(), { route });
  assert.deepEqual(
    (await events()).map(({ route }) => route),
    ["/a/[id]", "/by/{function}", "/a/:id", "/a/:id", "/a/:id", "/a/:id"],
  );
});

test("measure with flush: await sends what work recorded that throws at once", async () => {
  const { tide, events } = setup();
  const failure = new RangeError("mine");
  const measured = measure(
    tide,
    request(),
    () => {
      throw failure;
    },
    { flush: "await" },
  );
  await assert.rejects(measured, (error) => error === failure);
  assert.equal(tide.counters().sinks[0]?.delivered, 2);
  assert.deepEqual(
    (await events()).map(({ kind, error }) => [kind, error]),
    [
      ["EVT", "RangeError"],
      ["REQ", "RangeError"],
    ],
  );
});

test("attributes: from the request and the environment, in the limits of every event", async () => {
  const attributes = ({ url }: Request, env?: { region: string }) => ({
    query: new URL(url).search,
    region: env?.region ?? "none",
  });
  const { tide, events } = setup({}, "workers");
  const fetch = (given: Request, _env: unknown, _ctx: unknown) => {
    tide.scope(given).set("region", "own");
    return new Response();
  };
  instrument(tide, { fetch }, { attributes }).fetch(request("/a?x=1"), { region: "eu" }, CTX);
  instrument(tide, { fetch: (_: Request) => new Response() }, { attributes }).fetch(request("/b?y=2"));
  withTide(tide, (_: Request) => new Response(), { attributes })(request("/c?z"));
  measure(tide, request("/d"), () => new Response(), { attributes, env: { region: "us" } });
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`k${at}`, at]));
  measure(tide, request("/e"), () => new Response(), { attributes: () => many });
  const bad = [() => assert.fail("x"), () => null, () => 7, async () => ({ a: 1 })] as never[];
  for (const each of bad) measure(tide, request("/f"), () => new Response(), { attributes: each });
  const found = (await events()).map(({ attributes: of }) => of) as Record<string, unknown>[];
  assert.deepEqual(found.slice(0, 4), [
    { query: "?x=1", region: "own" },
    { query: "?y=2", region: "none" },
    { query: "?z", region: "none" },
    { query: "", region: "us" },
  ]);
  assert.equal(Object.keys(found[4] ?? {}).length, 64);
  assert.deepEqual(found.slice(5), [undefined, undefined, undefined, undefined]);
  assert.ok(tide.counters().truncated >= 36);
});

test("attributes of every adapter are those of the one request", async () => {
  const { tide, events } = setup();
  const given = request();
  const inner = (_: Request) =>
    measure(tide, given, () => new Response(), { attributes: () => ({ inner: 1 }) });
  await withTide(tide, inner, { attributes: () => ({ outer: 2 }) })(given);
  assert.deepEqual(
    (await events()).map(({ attributes }) => attributes),
    [{ outer: 2, inner: 1 }],
  );
});

test("a promise where a value was asked for is no value, and its rejection is nobody's", async () => {
  const rejects = (() => Promise.reject(new Error("async"))) as never;
  const unhandled: unknown[] = [];
  const note = (error: unknown) => void unhandled.push(error);
  process.on("unhandledRejection", note);
  try {
    const { tide, events } = setup({
      redact: rejects,
      clock: rejects,
      sampling: { rate: 0.5, rng: rejects, alwaysSampleErrors: true },
    });
    const options = { route: rejects, attributes: rejects };
    await withTide(tide, (_: Request) => new Response("", { status: 500 }), options)(request());
    tide.evt("x", { a: 1 });
    assert.deepEqual(
      (await events()).map(({ route, name, attributes }) => [route ?? name, attributes]),
      [
        ["/a", undefined],
        ["x", undefined],
      ],
    );
    await new Promise(setImmediate);
  } finally {
    process.off("unhandledRejection", note);
  }
  assert.deepEqual(unhandled, []);
});

test("adapters take null for no options", async () => {
  const { tide, events } = setup();
  const none = null as never;
  withTide(tide, (_: Request) => new Response(), none)(request("/with"));
  measure(tide, request("/measure"), () => new Response(), none);
  (instrument(tide, { fetch: (..._given: unknown[]) => new Response() }, none) as { fetch: Handler }).fetch(
    request("/worker"),
  );
  assert.deepEqual(
    (await events()).map(({ route }) => route),
    ["/with", "/measure", "/worker"],
  );
});
