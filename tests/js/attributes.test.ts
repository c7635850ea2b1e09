/** Attributes, names, errors and headers of any size: bounded before they cross into the engine. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Collector, memorySink } from "../../js/index.ts";
import type { AdapterBridge } from "../../js/runtime/bridge.ts";
import { BRIDGE, RequestRecord } from "../../js/runtime/bridge.ts";
import { compileOverrides, getEffectiveRate } from "../../js/sampling.ts";
import { instance } from "../../js/wasm/instance.ts";
import { assertLaws, callsOf, simulated } from "./_engine.ts";

function collector() {
  const memory = memorySink();
  return { memory, ...simulated({ sinks: [memory], maxConsecutiveSinkFailures: 1 }) };
}

const manyKeys = (count: number, length: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`.padEnd(length, "x"), 1]));

const wasmBytes = () => instance().memory.buffer.byteLength;

/** Records one event with each of `given`. Returns what became of each. */
async function recorded(given: readonly unknown[]) {
  const { tide, memory } = collector();
  const truncated = given.map((attributes) => {
    const before = tide.counters().truncated;
    tide.evt("x", attributes as never);
    return assertLaws(tide).truncated - before;
  });
  await tide.flush();
  assert.equal(memory.events.length, given.length);
  return given.map((_, at) => ({
    attributes: memory.events[at]?.attributes ?? {},
    truncated: truncated[at],
  }));
}

test("a list, a buffer or a text in place of attributes is one value", async () => {
  const lists = [
    new Uint8Array(1e6),
    new Float64Array(1e6),
    Buffer.alloc(1e6),
    new ArrayBuffer(1e6),
    new Array(1e6).fill("x"),
    new Proxy(new Uint8Array(1e6), {}),
    new String("x".repeat(1e6)),
    { length: 2, 0: "a", 1: "b" },
    "text",
    5,
    Symbol("x"),
    () => {},
  ];
  for (const { attributes, truncated } of await recorded(lists)) {
    assert.deepEqual(attributes, {});
    assert.equal(truncated, 1);
  }
  const [headers] = await recorded([{ length: 5, 1: true }]);
  assert.deepEqual(headers, { attributes: { length: 5, 1: true }, truncated: 0 });
});

test("64 attributes are read, the rest is counted and never crosses", async () => {
  for (const count of [64, 65, 1000, 100_000]) {
    let reads = 0;
    const given = manyKeys(count, 4);
    for (const key of Object.keys(given)) {
      Object.defineProperty(given, key, { enumerable: true, get: () => (reads += 1) });
    }
    const [found] = await recorded([given]);
    assert.equal(reads, 64);
    assert.equal(Object.keys(found!.attributes).length, 64);
    assert.equal(found!.truncated, count - 64);
  }
});

test("4 KiB are read, the rest is counted and never crosses", async () => {
  const { tide } = collector();
  tide.evt("warm up");
  const before = wasmBytes();
  const inputs = [
    manyKeys(2_000, 16_000),
    manyKeys(64, 1e6),
    Object.fromEntries(Array.from({ length: 64 }, (_, n) => [`k${n}`, "v".repeat(1e6)])),
    { text: "größe".repeat(1e6) },
    { text: "🚢".repeat(1e6), ["k".repeat(1e6)]: "v" },
  ];
  for (const input of inputs) {
    const texts = callsOf("engine_addText", () => tide.evt("x", input as never));
    const numbers = callsOf("engine_addNumber", () => tide.evt("x", input as never));
    assert.ok(texts + numbers <= 20, `${texts} ${numbers}`);
    const { truncated } = assertLaws(tide);
    assert.ok(truncated > 0);
  }
  assert.equal(wasmBytes(), before);
  assert.equal(tide.counters().coreResets, 0);
});

test("a value that is unusable, or throws, is left out and counted; the others stay", async () => {
  const values = {
    text: "a",
    nothing: undefined,
    none: null,
    object: {},
    class: new Map([["a", 1]]),
    buffer: new Uint8Array(1e6),
    big: 1n,
    symbol: Symbol("x"),
    work: () => {},
    nan: Number.NaN,
    get throws(): never {
      throw new Error("getter");
    },
    flag: false,
  };
  const hostile = new Proxy({}, { ownKeys: () => assert.fail("trap") });
  const [found, keys] = await recorded([values, hostile]);
  assert.deepEqual(found, { attributes: { text: "a", flag: false }, truncated: 9 });
  assert.deepEqual(keys, { attributes: {}, truncated: 1 });
});

/** A request as an adapter opens it. */
function open(tide: Collector, path = "/a") {
  const bridge = (tide as unknown as Record<symbol, AdapterBridge>)[BRIDGE] as AdapterBridge;
  const request = {};
  const record = new RequestRecord(bridge, request, path, path, "GET", false);
  bridge.open(record, undefined);
  return {
    record,
    scope: tide.scope(request),
    end: (error?: unknown) => bridge.end(record, 200, error, undefined),
  };
}

test("the attributes of a request have the same limits", async () => {
  const { tide, memory } = collector();
  const { scope, end } = open(tide);
  for (let n = 0; n < 1000; n += 1) scope.set(`k${n}`, n);
  scope.set("k0", "again");
  scope.set("k1", new Uint8Array(1e6) as never);
  scope.set("k2", null as never);
  end();
  const texts = open(tide);
  for (let n = 0; n < 64; n += 1) texts.scope.set(`${n}`.repeat(1e5), "v".repeat(1e6));
  assert.ok(callsOf("engine_addText", () => texts.end()) <= 16);
  const onlyBad = open(tide);
  onlyBad.scope.set("bad", 1n as never);
  onlyBad.end();
  await tide.flush();
  const [first] = memory.events;
  assert.equal(Object.keys(first!.attributes!).length, 64);
  assert.deepEqual([first!.attributes!["k0"], first!.attributes!["k1"]], ["again", 1]);
  assert.ok(assertLaws(tide).truncated >= 936 + 2 + 48 + 1);
});

test("names, errors, methods and headers of any length leave the memory as it was", async () => {
  const { tide } = collector();
  tide.evt("warm up");
  await tide.flush();
  const huge = "ü".repeat(2 ** 24);
  const before = wasmBytes();
  const uses = [
    () => tide.evt(huge),
    () => tide.fn("f", 1, 1, huge),
    () => tide.fn("f", 1, 1, Object.assign(new Error(huge), { name: huge })),
    () => tide.req(huge, huge, 200, 1, 1, huge),
    () => tide.db(huge, 1, 1, { system: huge, error: huge }),
    () => tide.enqueue({ kind: "FN", name: huge, startMs: 1, traceparent: huge }),
    () => {
      const { record, scope, end } = open(tide, huge);
      record.traceparent = `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01${huge}`;
      record.tracestate = huge;
      scope.route(huge);
      scope.evt(huge);
      void (scope.fetch as (url: string) => Promise<unknown>)("https://h/x").catch(() => {});
      end(huge);
    },
    () => getEffectiveRate(huge, compileOverrides([["/a", 0.5]]), 1),
  ];
  for (const use of uses) {
    use();
    assert.ok(wasmBytes() - before <= 2 ** 17, `${use}: ${wasmBytes() - before}`);
  }
  const { coreResets, emitted } = assertLaws(tide);
  assert.equal(coreResets, 0);
  assert.ok(emitted >= 8);
});
