import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";

const folder = new URL("../golden/", import.meta.url);
const schema = JSON.parse(
  readFileSync(new URL("../../pkg-template/ndjson.schema.json", import.meta.url), "utf8"),
);
const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(schema);

const lines = readdirSync(folder)
  .filter((name) => /\.ndjson\./.test(name))
  .flatMap((name) =>
    readFileSync(new URL(name, folder), "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line, at) => ({ name: `${name}:${at + 1}`, value: JSON.parse(line) })),
  );

test("every golden line of NDJSON follows the published schema", () => {
  assert.deepEqual(
    new Set(lines.map(({ value }) => value.kind)),
    new Set(["REQ", "FN", "DB", "EVT", "META"]),
  );
  for (const { name, value } of lines) {
    assert.ok(validate(value), `${name}: ${JSON.stringify(validate.errors)}`);
  }
});

test("the schema refuses what is not said in it", () => {
  const { value } = lines.find(({ value }) => value.kind === "REQ")!;
  const { route: _route, ...nameless } = value;
  const broken = [
    { ...value, kind: "PING" },
    { ...value, status: null },
    { ...value, extra: 1 },
    { ...value, trace_id: value.trace_id.toUpperCase() },
    { ...value, p: 0 },
    { ...value, attributes: { list: [] } },
    nameless,
  ];
  for (const event of broken) assert.ok(!validate(event), JSON.stringify(event));
});
