import assert from "node:assert/strict";
import { test } from "node:test";
import { memorySink, ndjson, TidegateError } from "../../js/index.ts";
import type { CollectorOptions } from "../../js/types/index.ts";
import { assertLaws, simulated } from "./_engine.ts";

const custom = { name: "x", format: "ndjson", send: () => {} };

const BAD: [unknown, string, string][] = [
  [null, "config/type", "options"],
  [[], "config/type", "options"],
  [{ queuSize: 1 }, "config/unknown-option", "queuSize"],
  [{ sampling: { rat: 1 } }, "config/unknown-option", "sampling.rat"],
  [{ service: { nmae: "x" } }, "config/unknown-option", "service.nmae"],
  [{ __proto__: null, constructor: 1 }, "config/unknown-option", "constructor"],
  [{ queueSize: "1" }, "config/type", "queueSize"],
  [{ queueSize: null }, "config/type", "queueSize"],
  [{ sampling: [] }, "config/type", "sampling"],
  [{ sampling: { rate: "1" } }, "config/type", "sampling.rate"],
  [{ sampling: { exclude: [3] } }, "config/type", "sampling.exclude[0]"],
  [{ sampling: { overrides: [["/a"]] } }, "config/type", "sampling.overrides[0]"],
  [{ sampling: { keepSlowMs: "p50" } }, "config/type", "sampling.keepSlowMs"],
  [{ sampling: { seed: 1.5 } }, "config/seed", "sampling.seed"],
  [{ sampling: { seed: -1n } }, "config/seed", "sampling.seed"],
  [{ sampling: { seed: 1n << 64n } }, "config/seed", "sampling.seed"],
  [{ sampling: { rate: 2 } }, "config/sampling-rate", "sampling.rate"],
  [{ sampling: { rate: Number.NaN } }, "config/sampling-rate", "sampling.rate"],
  [{ sampling: { overrides: [["/a", -1]] } }, "config/sampling-rate", "sampling.overrides: "],
  [{ sampling: { exclude: ["re:("] } }, "config/sampling-rule", "sampling.exclude: "],
  [{ sampling: { exclude: ["/static/*"] } }, "config/sampling-rule", 'write "/static/", which also matches'],
  [
    {
      sampling: {
        overrides: [
          ["/a", 1],
          ["/img*", 0],
        ],
      },
    },
    "config/sampling-rule",
    'write "/img"',
  ],
  [{ sampling: { exclude: ["re:/^\\/health$/i"] } }, "config/sampling-rule", 'write "re:(?i)^/health$"'],
  [
    { sampling: { exclude: [/^\/health$/i] } },
    "config/type",
    'sampling.exclude[0] is a RegExp: write "re:(?i)^/health$"',
  ],
  [
    { sampling: { overrides: [[/\.js$/, 0]] } },
    "config/type",
    'sampling.overrides[0] is a RegExp: write "re:\\.js$"',
  ],
  [{ sampling: { keepSlowMs: -1 } }, "config/keep-slow-ms", "sampling.keepSlowMs"],
  [{ queueSize: 0 }, "config/queue-size", "queueSize"],
  [{ leaseMs: 10, flushDeadlineMs: 20 }, "config/lease-ms", "leaseMs"],
  [{ sinks: {} }, "config/type", "sinks"],
  [{ sinks: [null] }, "config/sink", "sinks[0]"],
  [{ sinks: [custom, { ...custom, send: 1 }] }, "config/sink", "sinks[1].send"],
  [{ sinks: [{ ...custom, name: undefined }] }, "config/sink", "sinks[0].name"],
  [{ sinks: [{ ...custom, format: "xml" }] }, "config/sink", "xml"],
  [{ sinks: [{ ...custom, batchMax: 0.5 }] }, "config/sink", "sinks[0].batchMax"],
  [{ sinks: [[custom, { ...custom, send: 1 }]] }, "config/sink", "sinks[0][1].send"],
];

test("bad options throw at construction with a stable code and the option's name", () => {
  for (const [options, code, named] of BAD) {
    assert.throws(
      () => simulated(options as CollectorOptions),
      (error) => error instanceof TidegateError && error.code === code && error.message.includes(named),
      `${code} ${named}`,
    );
  }
});

test("a sink's factory throws, and names itself and the option", () => {
  const bad: [() => unknown, string, string][] = [
    [() => ndjson({} as never), "config/sink-url", "ndjson: url is required"],
    [() => ndjson(undefined as never), "config/sink-url", "ndjson: url is required"],
    [() => ndjson({ url: "nowhere" }), "config/sink-url", "ndjson: url is not a URL"],
    [() => ndjson({ url: "ftp://x" }), "config/sink-url", "ndjson: url must start with http:// or https://"],
    [
      () => ndjson({ url: "http://x", fetch: 1 as never }),
      "config/sink",
      "ndjson: fetch must be of type function",
    ],
  ];
  for (const [make, code, message] of bad) {
    assert.throws(make, (error) => {
      assert.ok(error instanceof TidegateError);
      assert.deepEqual([error.code, error.message], [code, message]);
      return true;
    });
  }
});

test("a factory that throws in the function form leaves an inert collector with the factory's error", (t) => {
  t.mock.method(console, "error", () => {});
  const { tide } = simulated(
    (env: { URL?: string }) => ({ sinks: [ndjson({ url: env.URL as string })] }),
    "workers",
  );
  tide.configure({});
  tide.evt("refused");
  assert.ok(tide.error instanceof TidegateError);
  assert.deepEqual([tide.error.code, tide.error.message], ["config/sink-url", "ndjson: url is required"]);
  assert.equal(assertLaws(tide).refused, 1);
});

test("all options at their documented defaults are accepted", () => {
  const { tide } = simulated({
    service: { name: "shop" },
    sinks: [[memorySink()], custom as never],
    sampling: {
      rate: 1,
      exclude: [],
      overrides: [["/a", 0.5]],
      seed: 7n,
      keepSlowMs: "p99",
      respectParent: false,
    },
    queueSize: 2048,
    queueBytes: 1_048_576,
    flushIntervalMs: 500,
    batchMax: 256,
    maxConsecutiveSinkFailures: 5,
    closeTimeoutMs: 2000,
    flushDeadlineMs: 2000,
    leaseMs: 3000,
    retryBaseMs: 250,
    retryMaxMs: 30_000,
    sinkProbeMs: Number.POSITIVE_INFINITY,
    statsSeries: 128,
    autoTick: true,
    handleSignals: true,
  });
  assert.equal(tide.error, undefined);
  assert.equal(tide.counters().sinks.length, 2);
});

test("functions that return no value, and a context that is none, are refused by name", () => {
  const bad: [CollectorOptions, RegExp][] = [
    [{ redact: (async () => "x") as never }, /^redact must not be async/],
    [{ clock: (async () => 1) as never }, /^clock must not be async/],
    [{ sampling: { rng: function* () {} as never } }, /^sampling\.rng must not be async/],
    [{ context: {} as never }, /^context must have run and getStore/],
    [{ context: { run: () => 1 } as never }, /^context must have run and getStore/],
  ];
  for (const [options, message] of bad) {
    assert.throws(() => simulated(options), { code: "config/type", message });
  }
});

test("the function form is called once, with the env", async () => {
  const seen: unknown[] = [];
  const { tide } = simulated((env: unknown) => {
    seen.push(env);
    return { sinks: [memorySink()] };
  }, "workers");
  tide.evt("too early");
  assert.deepEqual(await tide.flush(), { delivered: 0, remaining: 0, dropped: 0, timedOut: false });
  const env = { KEY: "secret" };
  tide.configure(env);
  tide.configure({ KEY: "other" });
  tide.evt("in time");
  assert.deepEqual(seen, [env]);
  const { emitted, refused, accepted } = assertLaws(tide);
  assert.deepEqual({ emitted, refused, accepted }, { emitted: 2, refused: 1, accepted: 1 });
});

test("a host without env is configured by its first event", () => {
  const { tide } = simulated((env: { PATH?: string }) => {
    assert.equal(env.PATH, process.env["PATH"]);
    return { sinks: [memorySink()] };
  });
  tide.evt("first");
  assert.equal(assertLaws(tide).accepted, 1);
});

test("a function form that fails leaves an inert collector and one complaint", async (t) => {
  const complaints = t.mock.method(console, "error", () => {});
  const failures: ((env: never) => CollectorOptions)[] = [
    () => {
      throw new Error("no secret");
    },
    () => ({ queueSize: -1 }),
    () => undefined as never,
  ];
  for (const fails of failures) {
    complaints.mock.resetCalls();
    const { tide, host } = simulated(fails, "workers");
    const heard: string[] = [];
    tide.on("error", ({ code }) => heard.push(code));
    tide.configure({});
    tide.configure({});
    tide.req("/a", "GET", 200, host.nowMs, 1);
    assert.equal(await tide.time("work", async () => 5), 5);
    assert.ok(tide.error instanceof TidegateError);
    assert.equal(heard.length, 1);
    assert.equal(complaints.mock.callCount(), 1);
    const { emitted, refused } = assertLaws(tide);
    assert.deepEqual({ emitted, refused }, { emitted: 2, refused: 2 });
    assert.equal(tide.tick(), null);
    assert.deepEqual(await tide.close(), { delivered: 0, remaining: 0, dropped: 0, timedOut: false });
    assert.equal(tide.stats().series.length, 0);
  }
});
