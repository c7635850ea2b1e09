import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { ndjson, otlp, TidegateError } from "../../../js/index.ts";
import type { HttpOptions } from "../../../js/types/index.ts";
import { assertLaws, settle, simulated } from "../_engine.ts";
import { info, remembering } from "../_sinks.ts";

const url = "https://sink.example/base/";
const large = new TextEncoder().encode('{"kind":"EVT"}\n'.repeat(200));

test("a body above 1 KiB is compressed and says so", async () => {
  const { fetch, calls } = remembering();
  await ndjson({ url, fetch }).send(large, info());
  const { headers, body } = calls[0]!.init;
  assert.equal(headers["content-encoding"], "gzip");
  assert.ok(body.length < large.length);
  assert.deepEqual(new Uint8Array(gunzipSync(body)), large);
});

test("a body is sent as it is if small, incompressible, unwanted, or encoded by the user", async () => {
  const small = large.slice(0, 1000);
  const noise = crypto.getRandomValues(new Uint8Array(4096));
  const cases: [Uint8Array, Partial<HttpOptions>][] = [
    [small, {}],
    [noise, {}],
    [large, { gzip: false }],
    [large, { headers: { "Content-Encoding": "identity" } }],
  ];
  for (const [bytes, options] of cases) {
    const { fetch, calls } = remembering();
    await ndjson({ url, fetch, ...options }).send(bytes, info());
    assert.notEqual(calls[0]!.init.headers["content-encoding"], "gzip");
    assert.equal(calls[0]!.init.body, bytes);
  }
});

test("a runtime without CompressionStream sends as it is", async (t) => {
  const { CompressionStream } = globalThis;
  t.after(() => Object.assign(globalThis, { CompressionStream }));
  Object.assign(globalThis, { CompressionStream: undefined });
  const { fetch, calls } = remembering();
  await ndjson({ url, fetch }).send(large, info());
  assert.equal(calls[0]!.init.body, large);
});

test("a batch whose deadline passed while it was being compressed is not posted", async () => {
  const { fetch, calls } = remembering();
  const controller = new AbortController();
  const sent = ndjson({ url, fetch }).send(large, info({ signal: controller.signal }));
  controller.abort();
  await assert.rejects(Promise.resolve(sent));
  assert.equal(calls.length, 0);
});

test("headers may be a function of env, sync or async, and replace ours; those without a value are left out", async () => {
  const { fetch, calls } = remembering();
  const headers = (env: { TOKEN: string }) => ({ Authorization: env.TOKEN, "x-none": undefined });
  await ndjson({ url, fetch, headers }).send(large, info({ env: { TOKEN: "one" } }));
  await ndjson({ url, fetch, headers: async () => ({ "Content-Type": "text/plain" }) }).send(large, info());
  assert.equal(calls[0]!.init.headers["authorization"], "one");
  assert.equal("x-none" in calls[0]!.init.headers, false);
  assert.equal(calls[0]!.init.headers["content-type"], "application/x-ndjson");
  assert.equal(calls[0]!.init.headers["idempotency-key"], info().batchId);
  assert.equal(calls[0]!.init.redirect, "manual");
  assert.equal(calls[1]!.init.headers["content-type"], "text/plain");
});

test("a headers function that throws is a retry with a notice, never an exception", async () => {
  const { fetch, calls } = remembering();
  let fail = true;
  const headers = () => {
    if (fail) throw new Error("no token yet");
    return { authorization: "here" };
  };
  const { tide, host } = simulated({ sinks: [ndjson({ url, fetch, headers })] });
  const errors: string[] = [];
  const outcomes: string[] = [];
  tide.on("error", ({ code, message }) => errors.push(`${code} ${message}`));
  tide.on("flush", ({ outcome }) => outcomes.push(outcome));
  tide.evt("a");
  const flushed = tide.flush();
  await settle();
  fail = false;
  await host.advance(2000);
  await flushed;
  assert.deepEqual(errors, ["sink/threw ndjson: threw Error"]);
  assert.deepEqual(outcomes, ["retry", "ok"]);
  assert.equal(calls.length, 1);
  assert.equal(assertLaws(tide).sinks[0]!.delivered, 1);
});

test("otlp makes one sink a signal, each at its own path", async () => {
  const { fetch, calls } = remembering();
  const bases = [
    "https://o.example",
    "https://o.example/",
    "https://o.example/otlp/",
    "https://o.example/otlp?k=1",
  ];
  for (const base of bases) {
    const sinks = otlp({ url: base, fetch, signals: ["traces", "metrics", "logs"], encoding: "json" });
    assert.deepEqual(
      sinks.map(({ name, format }) => [name, format]),
      [
        ["otlp-traces", "otlp-traces-json"],
        ["otlp-metrics", "otlp-metrics-json"],
        ["otlp-logs", "otlp-logs-json"],
      ],
    );
    await sinks[1]!.send(large, info());
  }
  assert.deepEqual(
    calls.map((call) => call.url),
    [
      "https://o.example/v1/metrics",
      "https://o.example/v1/metrics",
      "https://o.example/otlp/v1/metrics",
      "https://o.example/otlp/v1/metrics?k=1",
    ],
  );
  assert.equal(calls[0]!.init.headers["content-type"], "application/json");
  const [traces] = otlp({ url, fetch, name: "vendor", batchMax: 9 });
  assert.deepEqual(
    [traces!.name, traces!.format, traces!.batchMax],
    ["vendor-traces", "otlp-traces-protobuf", 9],
  );
  await traces!.send(large, info());
  assert.equal(calls.at(-1)!.init.headers["content-type"], "application/x-protobuf");
});

test("bad options of HTTP sinks throw at construction and name the option", () => {
  const cases: [() => unknown, string, RegExp][] = [
    [() => ndjson({ url: "ftp://x" }), "config/sink-url", /ndjson: url must start with/],
    [() => ndjson({ url: "https://user:secret@x" }), "config/sink-url", /url must not hold credentials/],
    [() => ndjson({ url, headers: 5 as never }), "config/sink", /headers/],
    [() => ndjson({ url, headers: null as never }), "config/sink", /headers/],
    [() => ndjson({ url, gzip: "no" as never }), "config/sink", /gzip/],
    [() => otlp(undefined as never), "config/sink-url", /url is required/],
    [() => otlp({ url: "https://x/v1/traces" }), "config/sink-url", /url must be the base/],
    [() => otlp({ url, fetch: {} as never }), "config/sink", /fetch/],
    [() => otlp({ url, signals: [] }), "config/sink", /signals/],
    [() => otlp({ url, signals: ["spans" as never] }), "config/sink", /signals/],
    [() => otlp({ url, signals: ["logs", "logs"] }), "config/sink", /signals/],
    [() => otlp({ url, signals: "logs" as never }), "config/sink", /signals/],
    [() => otlp({ url, encoding: "xml" as never }), "config/sink", /encoding/],
  ];
  for (const [make, code, message] of cases) {
    assert.throws(
      () => simulated({ sinks: [make() as never] }),
      (error) => {
        assert.ok(error instanceof TidegateError);
        assert.equal(error.code, code);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
  }
});
