// The README is short.
import assert from "node:assert/strict";
import { test } from "node:test";
import { textOf } from "./_blocks.mjs";

test("the README has at most 150 lines", () => {
  assert.ok(textOf("README.md").trimEnd().split("\n").length <= 150);
});
