// Every bad thing a sink can do, to each kind of HTTP sink: its outcome, its retries, its time, and both laws.
import assert from "node:assert/strict";
import { test } from "node:test";
import { playAll } from "./_play.mjs";

const results = await playAll();

for (const { row, kind, wrong } of results) {
  test(`${kind}: ${row}`, () => assert.deepEqual(wrong, []));
}
