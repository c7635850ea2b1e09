// Values at the edges of their types, in every format, as the official definitions read them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { attributesOf, itemsOf } from "../../tools/otlp.mjs";
import { capture, START_MS } from "./_capture.mjs";

const attributes = {
  ...{ max: Number.MAX_VALUE, min: -Number.MAX_VALUE, big: 1e300, e20: 1e20, unsafe: 2 ** 53 },
  ...{ tiny: 5e-324, safe: Number.MAX_SAFE_INTEGER, least: -Number.MAX_SAFE_INTEGER, third: 1 / 3 },
  ...{ "k\ud800": 1, "k\ud801": 2, [`${"k".repeat(255)}a`]: 1, [`${"k".repeat(255)}b`]: 2, "": "none" },
  ...{ user: { id: 7, since: new Date(0) }, list: [1, { a: ["b"] }] },
};
const kept = {
  ...{ max: Number.MAX_VALUE, min: -Number.MAX_VALUE, big: 1e300, e20: 1e20, unsafe: 2 ** 53 },
  ...{ tiny: 5e-324, safe: Number.MAX_SAFE_INTEGER, least: -Number.MAX_SAFE_INTEGER, third: 1 / 3 },
  ...{ "k\ufffd": 2, ["k".repeat(255)]: 2 },
  ...{ "user.id": 7, "user.since": "1970-01-01T00:00:00.000Z", list: '[1,{"a":["b"]}]' },
};

const run = await capture((tide) => {
  tide.evt("edges", attributes);
  tide.enqueue({ kind: "FN", name: "edges", startMs: START_MS, durationMs: 1, attributes });
  for (const rows of [0, 3, 2 ** 53 - 1, 0.5, -1, 1e300]) tide.db("select 1", START_MS, 1, { rows });
  for (const start of [8.64e15, -5, 9.3e12]) tide.fn("never", start, 1);
  tide.fn("latest", 9_223_372_036_854, 0);
});
const items = (encoding, wanted) =>
  run[encoding].filter(({ signal }) => signal === wanted).flatMap(({ request }) => itemsOf(wanted, request));

test("each attribute arrives as it was given, and each key once", () => {
  for (const encoding of ["protobuf", "json"]) {
    for (const [item] of [items(encoding, "logs"), items(encoding, "traces")]) {
      assert.deepEqual(attributesOf(item), kept, encoding);
      const keys = item.attributes.map(({ key }) => key);
      assert.equal(new Set(keys).size, keys.length);
    }
  }
  for (const { attributes } of run.ndjson.slice(0, 2)) assert.deepEqual(attributes, kept);
});

test("rows are an integer or absent, and no time is out of range", () => {
  const wanted = [0, 3, 2 ** 53 - 1, undefined, undefined, undefined];
  for (const encoding of ["protobuf", "json"]) {
    const spans = items(encoding, "traces");
    const queries = spans.filter(({ kind }) => kind === 3);
    assert.deepEqual(
      queries.map((span) => attributesOf(span)["db.response.returned_rows"]),
      wanted,
    );
    for (const span of queries) {
      const rows = span.attributes.find(({ key }) => key === "db.response.returned_rows");
      assert.ok(rows === undefined || "intValue" in rows.value, JSON.stringify(rows));
    }
    for (const { startTimeUnixNano, endTimeUnixNano } of spans) {
      assert.ok(BigInt(startTimeUnixNano) < 2n ** 63n && BigInt(endTimeUnixNano) < 2n ** 63n);
    }
    assert.equal(spans.at(-1).startTimeUnixNano, "9223372036854000000");
  }
  assert.deepEqual(
    run.ndjson.filter(({ kind }) => kind === "DB").map(({ rows }) => rows),
    wanted,
  );
  assert.equal(run.tide.counters().refused, 3);
});
