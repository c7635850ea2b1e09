/** The names that the encoders write are those of OpenTelemetry's conventions, of the version that code and docs name. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import * as conventions from "@opentelemetry/semantic-conventions/incubating";
import { listener } from "../../js/adapters/node.ts";
import { instrument } from "../../js/adapters/workers.ts";
import { otlp } from "../../js/index.ts";
import type { CollectorOptions } from "../../js/types/index.ts";
import { settle, simulated } from "./_engine.ts";

// biome-ignore lint/suspicious/noExplicitAny: decoded JSON, and parts of hosts
type Json = any;

/** Names that the conventions do not have. */
const OWN = [
  "aborted",
  "client_disconnected",
  "cloudflare.d1.response.rows_read",
  "cloudflare.d1.response.rows_written",
  "cloudflare.d1.response.sql_duration_ms",
  // Of tidegate, in no convention.
  "exception.cause",
  "otel.metric.overflow",
  "sampling.probability",
];
const isKnown = (key: string) => key.startsWith("tidegate.") || NAMES.has(key);
const NAMES = new Set<unknown>([...Object.values(conventions), ...OWN]);
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

/** The keys of all attributes in `json`. */
function keysIn(json: Json): string[] {
  if (typeof json !== "object" || json === null) return [];
  const own = typeof json.key === "string" && "value" in json ? [json.key] : [];
  return [...own, ...Object.values(json).flatMap(keysIn)];
}

const told = (span: Json) =>
  Object.fromEntries(span.attributes.map(({ key, value }: Json) => [key, Object.values(value)[0]]));

/** The spans of what `work` does, by kind: 2 is a server's, 3 a client's. */
async function spansOf(
  work: (stage: ReturnType<typeof simulated>) => Promise<unknown>,
  options: CollectorOptions = {},
): Promise<Json[]> {
  const bodies: Json[] = [];
  const fetch = async (_: unknown, init: Json) => {
    bodies.push(JSON.parse(new TextDecoder().decode(init.body)));
    return new Response("{}");
  };
  const sinks = [otlp({ url: "https://otel.example", encoding: "json", gzip: false, fetch } as Json)];
  const stage = simulated({ sinks, ...options }, "process");
  await work(stage);
  await settle();
  await stage.tide.flush();
  const spans = bodies.flatMap(({ resourceSpans }) => resourceSpans[0].scopeSpans[0].spans);
  for (const key of spans.flatMap(keysIn)) assert.ok(isKnown(key), key);
  return spans;
}

const serve = (tide: Json, url: string, options?: Json, init?: RequestInit) =>
  instrument(tide, { fetch: async (..._given: unknown[]) => new Response("hi") }, options).fetch(
    new Request(url, init),
    {},
    {
      waitUntil() {},
    } as Json,
  );

test("code, docs and the package of names have one version", () => {
  const code = /CONVENTIONS: &str = "([^"]+)"/.exec(read("src/engine/event/semantics.rs"))?.[1];
  const { devDependencies } = JSON.parse(read("package.json"));
  assert.equal(devDependencies["@opentelemetry/semantic-conventions"], code);
  assert.ok(read("docs/SINKS.md").includes(`semantic conventions ${code}`));
});

for (const file of readdirSync(new URL("../golden", import.meta.url)).filter((name) =>
  /-json\.full/.test(name),
)) {
  test(`${file}: every name is one of the conventions`, () => {
    const given = ["text", "number", "flag", "cloud.provider"];
    for (const key of keysIn(JSON.parse(read(`tests/golden/${file}`)))) {
      assert.ok(isKnown(key) || given.includes(key), key);
    }
  });
}

for (const [url, server, path] of [
  ["https://shop.example/users/42?token=x", ["https", "shop.example", "443"], "/users/:id"],
  ["http://shop.example:8080/", ["http", "shop.example", "8080"], "/"],
  ["https://eu.shop.example/a/b", ["https", "eu.shop.example", "443"], "/a/b"],
  ["http://[::1]:3000/x", ["http", "::1", "3000"], "/x"],
] as const) {
  test(`${url}: a request without a route says where it was sent, and has no name of its own`, async () => {
    // After a flush the next one goes through the buffer by id.
    const spans = await spansOf(async ({ tide }) => {
      for (let n = 0; n < 5; n += 1) {
        await serve(tide, url);
        await tide.flush();
      }
    });
    assert.equal(spans.length, 5);
    for (const span of spans) {
      const { "http.route": route, ...rest } = told(span);
      assert.deepEqual([span.kind, span.name, route], [2, "GET", undefined]);
      assert.deepEqual([rest["url.scheme"], rest["server.address"], rest["server.port"]], server);
      assert.equal(rest["url.path"], path);
    }
  });
}

test("with a route that is the name, however the request is recorded", async () => {
  const route = () => "/users/:id";
  for (const options of [{ route }, { route, attributes: () => ({ tenant: "t1" }) }]) {
    const work = async ({ tide }: Json) => {
      for (let n = 0; n < 3; n += 1)
        await serve(tide, "https://shop.example/users/42", options, { method: "PUT" });
    };
    NAMES.add("tenant");
    for (const span of await spansOf(work)) {
      const found = told(span);
      assert.deepEqual([span.name, found["http.route"]], ["PUT /users/:id", "/users/:id"]);
      assert.deepEqual([found["http.request.method"], found["server.address"]], ["PUT", "shop.example"]);
    }
  }
});

test("requests to several hosts in turn keep theirs apart", async () => {
  const hosts = ["a.example", "b.example", "c.example:444", "a.example"];
  const spans = await spansOf(async ({ tide }) => {
    for (const host of [...hosts, ...hosts]) await serve(tide, `https://${host}/x`);
  });
  const found = spans.map(told).map((all) => `${all["server.address"]}:${all["server.port"]}`);
  const wanted = ["a.example:443", "b.example:443", "c.example:444", "a.example:443"];
  assert.deepEqual(found, [...wanted, ...wanted]);
});

test("calls are client spans with where they went, and nothing secret", async () => {
  for (const [url, init, wanted] of [
    [
      "https://user:pw@api.example.com/orders/7?token=x#y",
      {},
      ["https://api.example.com/orders/7", "443", "GET"],
    ],
    ["http://api.example.com:81", { method: "POST" }, ["http://api.example.com:81/", "81", "POST"]],
    ["http://[::1]/x?y", { method: "PURGE" }, ["http://[::1]/x", "80", "_OTHER"]],
    ["s3://bucket/key", {}, [undefined, undefined, "GET"]],
  ] as const) {
    const spans = await spansOf(async ({ tide, host }) => {
      host.fetch = (async () => new Response("no", { status: 503 })) as Json;
      await (tide.fetch as Json)(url, init);
    });
    const found = told(spans[0]);
    assert.equal(spans[0].kind, 3);
    assert.deepEqual([found["url.full"], found["server.port"], found["http.request.method"]], wanted);
    assert.equal(found["http.request.method_original"], wanted[2] === "_OTHER" ? "PURGE" : undefined);
    assert.deepEqual([found["http.response.status_code"], found["error.type"]], ["503", "503"]);
    assert.ok(!JSON.stringify(spans).includes("pw@") && !JSON.stringify(spans).includes("token"));
  }
});

test("Node: the server is that of the header `Host`, if that is one", async () => {
  for (const [headers, socket, wanted] of [
    [{ host: "shop.example:8080" }, {}, ["http", "shop.example", "8080"]],
    [{ host: "shop.example" }, { encrypted: true }, ["https", "shop.example", "443"]],
    [{ ":authority": "h2.example" }, { encrypted: true }, ["https", "h2.example", "443"]],
    [{ host: "evil example/<x>?" }, {}, [undefined, undefined, undefined]],
    [{}, {}, [undefined, undefined, undefined]],
  ] as const) {
    const spans = await spansOf(async ({ tide }) => {
      const listeners: Record<string, () => void> = {};
      const response = { statusCode: 200, headersSent: true, writableFinished: true } as Json;
      response.on = (name: string, work: () => void) => {
        listeners[name] = work;
      };
      listener(tide, () => {})({ url: "/a?b", method: "GET", headers, socket } as Json, response);
      listeners["finish"]?.();
    });
    const found = told(spans[0]);
    assert.deepEqual([found["url.scheme"], found["server.address"], found["server.port"]], wanted);
  }
});

test("`paths`: with `raw` the path is what was sent, and names nothing", async () => {
  const sent = "https://shop.example/users/42/keys/3f2b8c9d0e1f4a5b?token=x#y";
  for (const [paths, options, wanted] of [
    ["raw", {}, "/users/42/keys/3f2b8c9d0e1f4a5b"],
    ["raw", { route: () => "/users/*" }, "/users/42/keys/3f2b8c9d0e1f4a5b"],
    ["raw", { attributes: () => ({ "url.path": "/mine" }) }, "/mine"],
    ["template", {}, "/users/:id/keys/:id"],
    [undefined, { route: () => "/users/*" }, "/users/*"],
  ] as const) {
    const [span] = await spansOf(({ tide }) => serve(tide, sent, options), paths && { paths });
    const found = span.attributes.filter(({ key }: Json) => key === "url.path");
    assert.deepEqual(found, [{ key: "url.path", value: { stringValue: wanted } }]);
    assert.equal(span.name, "route" in options ? "GET /users/*" : "GET");
    assert.ok(!JSON.stringify(span).includes("token"));
  }
  for (const paths of ["RAW", "", "none"]) {
    assert.throws(() => simulated({ paths } as never), { code: "config/type", message: /paths must be/ });
  }
  assert.throws(() => simulated({ paths: true } as never), { code: "config/type" });
});

// The last one: what it leaves is known to the whole process.
test("`methods`: those of the list are known, by the options or the environment", async () => {
  const named = async (options: CollectorOptions) => {
    const spans = await spansOf(async ({ tide, host }) => {
      for (const method of ["GET", "PURGE", "get"]) tide.req("/a", method, 200, host.nowMs, 1);
      assert.match(tide.metricsText(), /http_request_method="_OTHER"/);
    }, options);
    return spans.map((span) => [
      span.name,
      told(span)["http.request.method"],
      told(span)["http.request.method_original"],
    ]);
  };
  const get = ["GET /a", "GET", undefined];
  const other = (method: string) => ["HTTP /a", "_OTHER", method];
  const purge = ["PURGE /a", "PURGE", undefined];
  assert.deepEqual(await named({}), [get, other("PURGE"), other("get")]);
  assert.deepEqual(await named({ methods: ["GET", "PURGE"] }), [get, purge, other("get")]);
  assert.deepEqual(await named({ methods: [] }), [other("GET"), other("PURGE"), other("get")]);
  const name = "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS";
  process.env[name] = "PURGE, GET";
  try {
    assert.deepEqual(await named({}), [get, purge, other("get")]);
    assert.deepEqual(await named({ methods: ["GET"] }), [get, other("PURGE"), other("get")]);
  } finally {
    delete process.env[name];
  }
});

test("of a flood of hosts the first keep theirs, and no request is lost", async () => {
  const hosts = Array.from({ length: 200 }, (_, n) => `h${n}.example`);
  const long = `${"x".repeat(71)}.example`;
  const spans = await spansOf(async ({ tide }) => {
    await serve(tide, "https://shop.example/x");
    for (const host of [...hosts, long]) await serve(tide, `https://${host}/x`);
    await serve(tide, "https://shop.example/x");
  });
  assert.equal(spans.length, 203);
  const found = spans.map(told).map((all) => all["server.address"]);
  assert.deepEqual([found[0], found[202]], ["shop.example", "shop.example"]);
  const known = new Set(found.filter((host) => host !== undefined));
  assert.ok(known.size > 5 && known.size <= 48, `${known.size}`);
  assert.equal(found[201], undefined, "too long");
  for (const [at, host] of hosts.entries()) assert.ok([undefined, host].includes(found[at + 1]), host);
  assert.ok(
    spans.map(told).every((all) => all["url.path"] === "/x" && all["http.request.method"] !== undefined),
  );
});
