/** Values at the edges of their types: what becomes of them on the wire. Every line follows the published schema. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { Ajv2020 } from "ajv/dist/2020.js";
import { type Collector, ndjson } from "../../js/index.ts";
import type { NdjsonEvent, NdjsonLine } from "../../js/types/index.ts";
import { assertLaws, simulated } from "./_engine.ts";

const schema = JSON.parse(
  readFileSync(new URL("../../pkg-template/ndjson.schema.json", import.meta.url), "utf8"),
);
const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(schema);

/** The events that `record` leads to, as NDJSON, and the counters. Every line follows the schema. */
async function recorded(record: (tide: Collector) => void) {
  const bodies: string[] = [];
  const fetch = async (_: unknown, { body }: { body: Uint8Array }) => {
    bodies.push(new TextDecoder().decode(body));
    return new Response();
  };
  const { tide } = simulated({
    sinks: [ndjson({ url: "https://h/", gzip: false, fetch: fetch as never })],
    service: { name: "shop" },
  });
  record(tide);
  await tide.flush();
  const lines = bodies.flatMap((body) => body.trimEnd().split("\n"));
  for (const line of lines)
    assert.ok(validate(JSON.parse(line)), `${line} ${JSON.stringify(validate.errors)}`);
  const events = lines
    .map((line) => JSON.parse(line) as NdjsonLine)
    .filter((line): line is NdjsonEvent => line.kind !== "META");
  return { events, lines, ...assertLaws(tide) };
}

/** The attributes of one event with `given`, and how many were cut or left out. */
async function attributesOf(given: unknown) {
  const { events, truncated } = await recorded((tide) => tide.evt("x", given as never));
  return { attributes: events[0]?.attributes ?? {}, truncated };
}

test("numbers of any size stay what they are, and none is written with hundreds of digits", async () => {
  const numbers = {
    ...{ max: Number.MAX_VALUE, min: -Number.MAX_VALUE, tiny: 5e-324, big: 1e300, e21: 1e21, e22: -1.5e22 },
    ...{ safe: Number.MAX_SAFE_INTEGER, unsafe: 2 ** 53, zero: -0, third: 1 / 3 },
  };
  const { events, lines, truncated } = await recorded((tide) => tide.evt("x", numbers));
  assert.deepEqual(events[0]?.attributes, { ...numbers, zero: 0 });
  assert.equal(truncated, 0);
  assert.doesNotMatch(lines[0] as string, /"\w+":-?\d{23}/);
});

test("rows are whole numbers; any other number is left out and counted, and the event stays", async () => {
  const good = [0, 1, 7e9, Number.MAX_SAFE_INTEGER];
  const bad = [0.5, -1, -0.5, 1e300, Number.POSITIVE_INFINITY, Number.NaN, 2 ** 53, "5", true, {}];
  for (const rows of [...good, ...bad]) {
    const isGood = good.includes(rows as number);
    for (const record of [
      (tide: Collector) => tide.db("select 1", 1, 1, { rows: rows as number }),
      (tide: Collector) =>
        tide.enqueue({ kind: "DB", statement: "select 1", startMs: 1, rows: rows as number }),
    ]) {
      const { events, truncated, accepted } = await recorded(record);
      const [{ rows: found } = {} as { rows?: number }] = events as readonly { rows?: number }[];
      assert.deepEqual(
        [found, truncated, accepted],
        [isGood ? rows : undefined, isGood ? 0 : 1, 1],
        `${rows}`,
      );
    }
  }
  for (const rows of [undefined, null]) {
    const { truncated } = await recorded((tide) => tide.db("select 1", 1, 1, { rows: rows as never }));
    assert.equal(truncated, 0);
  }
});

test("a time that a receiver cannot read is refused and counted, whatever the event", async () => {
  const bad = [8.64e15, -5, -0.001, 9.3e12, 8.64e15 + 1, 1e300, Number.NEGATIVE_INFINITY, Number.NaN];
  const record = (tide: Collector, start: number, duration: number) => {
    tide.req("/a", "GET", 200, start, duration);
    tide.req("/a", "GET", 500, start, duration, new TypeError("x"));
    tide.fn("f", start, duration);
    tide.db("select 1", start, duration);
    tide.enqueue({ kind: "EVT", name: "e", startMs: start, durationMs: duration });
  };
  for (const start of bad) {
    const { emitted, refused, accepted } = await recorded((tide) => record(tide, start, 1));
    assert.deepEqual([emitted, refused, accepted], [5, 5, 0], `${start}`);
  }
  for (const duration of [1e300, 9.3e12, Number.POSITIVE_INFINITY, -1]) {
    const { refused } = await recorded((tide) => record(tide, 1_700_000_000_000, duration));
    assert.equal(refused, 5, `${duration}`);
  }
  for (const start of [0, 0.5, 1_700_000_000_000.25, 9.2e12]) {
    const { accepted, events } = await recorded((tide) => record(tide, start, 1));
    assert.equal(accepted, 5, `${start}`);
    for (const { ts } of events) assert.equal(ts, start);
  }
});

test("of two attributes with one key the last stays: a line has each key once", async () => {
  const long = "k".repeat(255);
  const inputs: [unknown, Record<string, unknown>][] = [
    [{ "k\ud800": 1, "k\ud801": 2 }, { "k\ufffd": 2 }],
    [
      { "\udfff": "a", between: true, "\ud800": "b" },
      { between: true, "\ufffd": "b" },
    ],
    [{ "\ud800x": 1, "\ufffdx": "2" }, { "\ufffdx": "2" }],
    [{ [`${long}a`]: 1, [`${long}b`]: 2, [long]: 3 }, { [long]: 3 }],
    [{ [`${"é".repeat(127)}éa`]: 1, [`${"é".repeat(127)}éb`]: 2 }, { ["é".repeat(127)]: 2 }],
    [{ "a.b": 1, a: { b: 2 } }, { "a.b": 2 }],
  ];
  for (const [given, wanted] of inputs) {
    const { events, lines, truncated } = await recorded((tide) => tide.evt("x", given as never));
    assert.deepEqual(events[0]?.attributes, wanted);
    assert.ok(truncated >= 1);
    const keys = [...(/"attributes":\{(.*?)\}/.exec(lines[0] as string)?.[1] ?? "").matchAll(/"([^"]*)":/g)];
    assert.equal(new Set(keys.map(([, key]) => key)).size, keys.length);
  }
});

test("an attribute without a key is left out and counted", async () => {
  for (const [given, wanted] of [
    [{ "": 1 }, {}],
    [{ "": "x", a: 1 }, { a: 1 }],
    [{ "": [1], b: { "": 2 } }, { "b.": 2 }],
  ] as const) {
    assert.deepEqual(await attributesOf(given), { attributes: wanted, truncated: 1 });
  }
});

test("plain objects are flattened with dots, of whatever realm and prototype", async () => {
  class Money {
    amount = 5;
  }
  const given = {
    user: { id: 7, plan: { name: "pro", trial: false } },
    bare: Object.assign(Object.create(null), { a: "b" }),
    foreign: runInNewContext("({ a: { b: 1 } })"),
    undefined: { a: undefined, b: 1 },
  };
  const wanted = {
    ...{ "user.id": 7, "user.plan.name": "pro", "user.plan.trial": false },
    ...{ "bare.a": "b", "foreign.a.b": 1, "undefined.b": 1 },
  };
  assert.deepEqual(await attributesOf(given), { attributes: wanted, truncated: 0 });
  const lost = { money: new Money(), map: new Map(), error: new Error("x"), empty: {}, deep: { none: null } };
  assert.deepEqual(await attributesOf(lost), { attributes: {}, truncated: 5 });
});

test("an array is JSON, a date ISO 8601", async () => {
  const day = new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
  const lists = [
    [[], "[]"],
    [[1, "a", true, null, undefined], '[1,"a",true,null,null]'],
    [[[1], [2, [3]]], "[[1],[2,[3]]]"],
    [[{ a: 1, b: undefined, "ü\n": "\ud83d\ude00" }], '[{"a":1,"ü\\n":"😀"}]'],
    // biome-ignore lint/suspicious/noSparseArray: a hole
    [[, 1], "[null,1]"],
    [[day], '["2026-01-02T03:04:05.678Z"]'],
    [runInNewContext("[1, { a: [2] }]"), '[1,{"a":[2]}]'],
  ] as const;
  for (const [list, text] of lists) {
    assert.deepEqual(await attributesOf({ list }), { attributes: { list: text }, truncated: 0 });
    assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(list)));
  }
  const lossy = { list: [1n, () => {}, Number.NaN, new Map(), new Uint8Array(9)] };
  assert.deepEqual(await attributesOf(lossy), {
    attributes: { list: "[null,null,null,null,null]" },
    truncated: 5,
  });
  const dates = { day, in: { it: new Date(0) }, bad: new Date(Number.NaN), list: [new Date(Number.NaN)] };
  assert.deepEqual(await attributesOf(dates), {
    attributes: { day: "2026-01-02T03:04:05.678Z", "in.it": "1970-01-01T00:00:00.000Z" },
    truncated: 2,
  });
});

test("cycles, depth, traps and size harm nobody: reading stops at the limits, and the rest is counted", async () => {
  const cycle: Record<string, unknown> = { n: 1 };
  cycle["self"] = cycle;
  const list: unknown[] = [1];
  list.push(list);
  let deep: Record<string, unknown> = { end: 1 };
  for (let n = 0; n < 1e5; n += 1) deep = { d: deep };
  let nested: unknown[] = [];
  for (let n = 0; n < 1e5; n += 1) nested = [nested];
  let reads = 0;
  const endless: object = new Proxy(
    {},
    {
      ownKeys: () => ["a", "b", "c", "d"],
      getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
      get: () => {
        reads += 1;
        return reads > 1e4 ? assert.fail("read on") : endless;
      },
    },
  );
  const throwing = new Proxy([], {
    get() {
      throw new Error("trap");
    },
  });
  const hostile = {
    toJSON: () => assert.fail("toJSON was called"),
    toString: () => assert.fail("toString was called"),
    get throws(): never {
      throw new Error("getter");
    },
  };
  const inputs = [cycle, { cycle }, { list }, deep, { deep }, { nested }, endless, { endless }, { throwing }];
  const before = process.memoryUsage().heapUsed;
  for (const given of [...inputs, hostile, { hostile }, { list: [hostile] }, [hostile], throwing]) {
    const { truncated } = await attributesOf(given);
    assert.ok(truncated > 0);
  }
  assert.deepEqual(await attributesOf({ cycle }), { attributes: { "cycle.n": 1 }, truncated: 1 });
  assert.deepEqual(await attributesOf({ list }), { attributes: { list: "[1,null]" }, truncated: 1 });
  const big = [new Array(1e6).fill(7), new Array(1e6), new Array(1e5).fill({}), [new Array(1e5).fill([])]];
  for (const given of [...big, ["x".repeat(1e7)], [{ ["k".repeat(1e7)]: 1 }], [{ a: new Uint8Array(1e7) }]]) {
    const { attributes, truncated } = await attributesOf({ given });
    assert.ok(truncated >= 1);
    const text = attributes["given"] as string;
    assert.ok(text.length < 4096, `${text.length}`);
    JSON.parse(text);
  }
  assert.ok(process.memoryUsage().heapUsed - before < 2 ** 28);
});

test("`toJSON` on the prototypes of the page changes nothing", async () => {
  const prototypes = [Array.prototype, Object.prototype, Date.prototype] as unknown as { toJSON?: unknown }[];
  const saved = prototypes.map((prototype) => Object.getOwnPropertyDescriptor(prototype, "toJSON"));
  let found: unknown;
  try {
    for (const prototype of prototypes) {
      const value = () => assert.fail("toJSON");
      Object.defineProperty(prototype, "toJSON", { value, configurable: true, writable: true });
    }
    const { events } = await recorded((tide) => tide.evt("x", { list: [1, { at: new Date(0) }] }));
    found = events[0]?.attributes?.["list"];
  } finally {
    prototypes.forEach((prototype, at) => {
      const own = saved[at];
      if (own === undefined) delete prototype.toJSON;
      else Object.defineProperty(prototype, "toJSON", own);
    });
  }
  assert.equal(found, '[1,{"at":"1970-01-01T00:00:00.000Z"}]');
});
