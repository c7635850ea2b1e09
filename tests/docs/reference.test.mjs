// The reference is that of the types and the engine as they are.
import assert from "node:assert/strict";
import { test } from "node:test";
import { reference } from "../../tools/reference.mjs";
import { textOf } from "./_blocks.mjs";

/** Without the widths that the formatter gives to tables. */
const words = (text) => text.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---");

test("docs/reference.md is what npm run reference writes", async () => {
  assert.equal(words(textOf("docs/reference.md")), words(await reference()));
});

test("every option has its type and the code of a bad value", async () => {
  const rows = (await reference()).split("## Sinks over HTTP")[0].split("\n").slice(12);
  const options = rows.filter((row) => row.startsWith("| `"));
  assert.ok(options.length > 25);
  for (const row of options) assert.match(row, /`(config\/[\w-]+)` \|/, row);
});
