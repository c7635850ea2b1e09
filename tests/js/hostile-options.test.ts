/** Options, answers and bytes that run code, change later, or inherit what somebody added to every object. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memorySink, ndjson, otlp, TidegateError } from "../../js/index.ts";
import { compileOverrides, compileRules, makeRng } from "../../js/sampling.ts";
import { StatsStore } from "../../js/stats.ts";
import type { Collector, CollectorOptions, Sink } from "../../js/types/index.ts";
import { assertLaws, type SimulatedHost, settle, simulated, trapNext } from "./_engine.ts";

const T = 1_700_000_000_000;
const boom = (): never => {
  throw new Error("boom");
};

function isCoded(code: string) {
  return (error: unknown) => {
    assert.ok(error instanceof TidegateError, String(error));
    assert.equal(error.code, code);
    assert.doesNotMatch(error.message, /boom/);
    return true;
  };
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

const HOSTILE: readonly [name: string, hostile: object][] = [
  ["getter", Object.defineProperty({}, "queueSize", { get: boom, enumerable: true })],
  ["then", Object.defineProperty({}, "then", { get: boom })],
  ["keys", new Proxy({}, { ownKeys: boom })],
  ["revoked", revoked({})],
  ["reads", new Proxy({ queueSize: 1 }, { get: boom })],
  [
    "sampling",
    {
      sampling: {
        get rate() {
          return boom();
        },
      },
    },
  ],
  ["sampling keys", { sampling: new Proxy({}, { ownKeys: boom }) }],
  [
    "service",
    {
      service: {
        get name() {
          return boom();
        },
      },
    },
  ],
  ["exclude", { sampling: { exclude: Object.defineProperty(["/a"], 0, { get: boom }) } }],
  ["exclude length", { sampling: { exclude: new Proxy([], { get: boom }) } }],
  ["endless", { sampling: { exclude: new Array(4e9) } }],
  ["pair", { sampling: { overrides: [Object.defineProperty(["/a", 1], 1, { get: boom })] } }],
  ["sinks", { sinks: revoked([]) }],
  ["promise", Promise.resolve({})],
];

test("options that cannot be read are a TidegateError", () => {
  for (const [name, hostile] of HOSTILE) {
    assert.throws(() => simulated(hostile as CollectorOptions), isCoded("config/type"), name);
  }
  const sinks: readonly unknown[] = [
    {
      name: "x",
      format: "ndjson",
      get send() {
        return boom();
      },
    },
    new Proxy({}, { getOwnPropertyDescriptor: boom }),
    [
      {
        get name() {
          return boom();
        },
      },
    ],
  ];
  for (const sink of sinks) {
    assert.throws(() => simulated({ sinks: [sink as Sink] }), isCoded("config/type"));
  }
  for (const make of [ndjson, otlp]) {
    for (const options of [
      {
        get url() {
          return boom();
        },
      },
      new Proxy({}, { ownKeys: boom }),
    ]) {
      assert.throws(() => make(options as never), isCoded("config/sink"));
    }
  }
  assert.throws(
    () =>
      new StatsStore({
        get series() {
          return boom();
        },
      }),
    isCoded("config/type"),
  );
  assert.throws(
    () =>
      makeRng({
        get seed() {
          return boom();
        },
      }),
    isCoded("config/type"),
  );
  assert.throws(() => compileRules(revoked([]) as never), isCoded("config/sampling-rule"));
  assert.throws(() => compileRules(new Array(4e9)), isCoded("config/sampling-rule"));
  assert.throws(
    () => compileOverrides([Object.defineProperty(["/a", 1], 0, { get: boom })] as never),
    isCoded("config/sampling-rule"),
  );
});

test("options read through a proxy are what the proxy says, once", () => {
  let reads = 0;
  const options = new Proxy({ queueSize: 7, sinks: [memorySink()] } as CollectorOptions, {
    get: (target, name) => {
      reads += 1;
      return Reflect.get(target, name);
    },
  });
  const { tide } = simulated(options);
  const first = reads;
  for (let n = 0; n < 20; n += 1) tide.evt("x");
  assert.equal(tide.queueDepth, 7);
  assert.equal(reads, first);
});

test("options that are changed later change nothing, also when the engine is made anew", async () => {
  const memory = memorySink();
  const options = {
    queueSize: 7,
    service: { name: "shop" },
    sampling: { rate: 1, exclude: ["/health"], overrides: [["/a", 1] as [string, number]] },
    sinks: [memory] as unknown[],
    clock: () => T,
  };
  const { tide } = simulated(options as unknown as CollectorOptions);
  Object.assign(options, { queueSize: "broken", flushIntervalMs: -1, nonsense: 1, clock: boom });
  Object.assign(options.sampling, { rate: "broken", keepSlowMs: {} });
  options.sampling.exclude.push("re:(");
  options.sampling.overrides[0]![1] = Number.NaN;
  options.service.name = 5 as never;
  options.sinks.length = 0;
  Object.assign(memory, { send: boom, name: 5, format: "broken", batchMax: -1 });
  trapNext("engine_recordRequest");
  tide.req("/a", "GET", 200, T, 1);
  tide.req("/health", "GET", 200, T, 1);
  tide.evt("after");
  assert.equal(tide.error, undefined);
  assert.equal(assertLaws(tide).coreResets, 1);
  assert.equal(tide.counters().excluded, 1);
  await tide.flush();
  assert.deepEqual(
    memory.events.map(({ kind }) => kind),
    ["EVT"],
  );
});

test("a sink may be of a class, and is called as its method", async () => {
  class Mine {
    readonly name = "mine";
    readonly format = "ndjson";
    #sent = 0;
    send(): void {
      this.#sent += 1;
    }
    get sent(): number {
      return this.#sent;
    }
  }
  const mine = new Mine();
  const { tide } = simulated({ sinks: [mine] });
  tide.evt("x");
  await tide.flush();
  assert.equal(mine.sent, 1);
});

/** What was added to every object while `work` ran. */
async function polluted<T>(added: Readonly<Record<string, unknown>>, work: () => T | Promise<T>): Promise<T> {
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  try {
    for (const [name, value] of Object.entries(added)) {
      Object.defineProperty(prototype, name, { value, configurable: true, writable: true, enumerable: true });
    }
    return await work();
  } finally {
    for (const name of Object.keys(added)) delete prototype[name];
  }
}

const POLLUTION: Readonly<Record<string, unknown>> = {
  rate: 0,
  exclude: ["/"],
  overrides: [["/", 0]],
  queueSize: 1,
  batchMax: -1,
  flushIntervalMs: "x",
  autoTick: false,
  sinks: 5,
  service: 5,
  sampling: 5,
  seed: -1,
  rng: 5,
  clock: 5,
  value: 1,
  code: 2,
  ok: true,
  rejected: 4,
  retryAfterMs: 5000,
  status: 500,
  headers: { get: () => null },
  error: "polluted",
  duration: -1,
  durationMs: -1,
  attributes: 5,
  truncated: 9,
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  span: 5,
  isPath: true,
  system: "polluted",
  rows: 5,
  deadlineMs: 0,
  timeoutMs: 0,
  limit: 0,
  maxBytes: 1,
  keepsBytes: 5,
  oncePerInvocation: 5,
};

async function lifeOf(): Promise<unknown> {
  const memory = memorySink({});
  const outcomes: string[] = [];
  const custom: Sink = { name: "custom", format: "ndjson", send: () => "ok" };
  const objects: Sink = { name: "objects", format: "ndjson", send: async () => ({ ok: true }) };
  const { tide, host }: { tide: Collector; host: SimulatedHost } = simulated({
    sinks: [memory, custom, objects],
  });
  tide.on("flush", ({ outcome }) => outcomes.push(outcome));
  tide.req("/a", "GET", 200, host.nowMs, 1);
  tide.fn("f", host.nowMs, 1);
  tide.db("select 1 from t", host.nowMs, 1, {});
  tide.evt("e");
  tide.enqueue({ kind: "FN", name: "g", startMs: host.nowMs });
  tide.time("h", () => 1);
  const result = await tide.flush({});
  const { emitted, accepted, refused, truncated, sampledOut, excluded } = assertLaws(tide);
  const events = memory.events.map(({ trace_id: _, span_id: __, ...event }) => ({ ...event }));
  return JSON.stringify({
    result,
    outcomes,
    events,
    emitted,
    accepted,
    refused,
    truncated,
    sampledOut,
    excluded,
  });
}

test("what was added to every object reaches no option, event or outcome", async () => {
  const clean = await lifeOf();
  for (const [name, value] of Object.entries(POLLUTION)) {
    assert.equal(await polluted({ [name]: value }, lifeOf), clean, name);
  }
  for (const value of [-1, "x", null, {}, () => {}]) {
    for (const name of Object.keys(POLLUTION)) {
      assert.equal(await polluted({ [name]: value }, lifeOf), clean, `${name} ${value}`);
    }
  }
});

test("a then that was added to every object makes no answer of a sink a promise", async () => {
  for (const then of [() => {}, boom, (ok: (value: unknown) => void) => ok("fatal")]) {
    const { tide, host } = simulated({
      sinks: [{ name: "x", format: "ndjson", send: () => ({ ok: true }) }],
    });
    await polluted({ then }, () => {
      tide.evt("x");
      tide.tick(host.nowMs + 1000);
    });
    assert.equal(tide.counters().sinks[0]?.delivered, 1);
  }
});

test("an answer after the deadline may be anything", async (t) => {
  const rejections: unknown[] = [];
  const listen = (error: unknown) => rejections.push(error);
  process.on("unhandledRejection", listen);
  t.after(() => process.removeListener("unhandledRejection", listen));
  const answers: (() => unknown)[] = [
    () => ({
      get status() {
        return boom();
      },
    }),
    () => ({
      get headers() {
        return boom();
      },
    }),
    () => ({
      status: 200,
      headers: {
        get get() {
          return boom();
        },
      },
    }),
    () => ({
      status: 200,
      headers: { get: boom },
      get body() {
        return boom();
      },
    }),
    () => ({ status: 200, headers: new Headers(), arrayBuffer: boom, body: { cancel: boom } }),
    () => new Proxy({}, { get: boom, getOwnPropertyDescriptor: boom, getPrototypeOf: boom }),
    () => revoked({}),
    boom,
  ];
  for (const isLate of [true, false]) {
    for (const answer of answers) {
      let release: () => void = () => {};
      const waiting = new Promise<void>((resolve) => {
        release = resolve;
      });
      const send = () => waiting.then(answer as () => "ok");
      const { tide, host } = simulated({
        sinks: [{ name: "x", format: "ndjson", send }],
        flushDeadlineMs: 100,
        retryBaseMs: 60_000,
        retryMaxMs: 60_000,
      });
      tide.evt("x");
      await host.advance(501);
      if (!isLate) release();
      await host.advance(isLate ? 200 : 1);
      release();
      for (let n = 0; n < 3; n += 1) await settle();
      assertLaws(tide);
      await tide.close({ timeoutMs: 0 });
    }
  }
  await settle();
  assert.deepEqual(rejections, []);
});

test("merge takes the bytes of a Uint8Array and nothing else", () => {
  const store = new StatsStore();
  store.record(T, 5, false, "/a");
  const bytes = store.toBytes();
  const detached = store.toBytes();
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  class Liar extends Uint8Array<ArrayBuffer> {
    override get length(): number {
      return 1e9;
    }
    override get byteLength(): number {
      return 1e9;
    }
  }
  const bad: unknown[] = [
    new Proxy(bytes, {}),
    revoked(bytes),
    detached,
    Object.create(Uint8Array.prototype),
    Object.create(bytes),
    new DataView(bytes.buffer),
    bytes.buffer,
    [...bytes],
    null,
    "x",
    new Uint8Array(),
  ];
  for (const value of bad) {
    assert.throws(() => store.merge(value as Uint8Array), isCoded("stats/bytes"));
  }
  assert.equal(store.snapshot(T).count, 1);
  store.merge(new Liar(bytes.buffer));
  assert.equal(store.snapshot(T).count, 2);
  assert.equal(store.resets, 0);
});

test("413 for ever disables a sink after a few posts", async () => {
  for (const batchMax of [1, 2, 256]) {
    let posts = 0;
    const fetch = async () => {
      posts += 1;
      return new Response(null, { status: 413 });
    };
    const { tide, host } = simulated({
      sinks: [ndjson({ url: "https://h/x", gzip: false, fetch: fetch as never })],
      batchMax,
    });
    for (let n = 0; n < 200; n += 1) tide.evt("x");
    await host.advance(29_000);
    assert.equal(tide.counters().sinks[0]?.disabled, true);
    assert.ok(posts <= 15 + 8, `${posts} posts`);
    assert.equal(assertLaws(tide).sinks[0]?.dropped.too_large, 15);
    await tide.close({ timeoutMs: 0 });
  }
});

test("Retry-After of no time, or in the past, backs off", async () => {
  for (const after of ["0", "00", new Date(0).toUTCString(), new Date(T).toUTCString()]) {
    let posts = 0;
    const fetch = async () => {
      posts += 1;
      return new Response(null, { status: 503, headers: { "retry-after": after } });
    };
    const { tide, host } = simulated({
      sinks: [ndjson({ url: "https://h/x", gzip: false, fetch: fetch as never })],
    });
    tide.evt("x");
    await host.advance(502);
    assert.ok(posts <= 2, `${posts} posts at once`);
    await host.advance(25_000);
    assert.equal(tide.counters().sinks[0]?.disabled, true);
    assert.equal(posts, 5, after);
    await tide.close({ timeoutMs: 0 });
  }
});
