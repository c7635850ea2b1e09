// SECURITY.md promises nothing that no test shows: each row names tests, and they are there.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../tools/env.mjs";

const page = readFileSync(join(root, "SECURITY.md"), "utf8");
const rows = page.split("\n").filter((line) => /^\| (?!promise|-)/.test(line));
const PARTIES = ["Clients", "Sinks", "Configuration", "Pushes", "Readers"];

test("each party that may be hostile has its promises", () => {
  for (const party of PARTIES) assert.match(page, new RegExp(`^### ${party}: `, "m"));
  assert.ok(rows.length > 20);
});

test("each promise names a test that exists", () => {
  for (const row of rows) {
    const [, , shown] = row.split("|");
    const groups = shown.split(" · ").map((text) => /\[[^\]]+\]\(([^)]+)\): (.+)/.exec(text));
    for (const [index, group] of groups.entries()) {
      assert.ok(group, `${shown.split(" · ")[index]}: no file and no test`);
      const [, file, names] = group;
      assert.ok(existsSync(join(root, file)), file);
      const text = readFileSync(join(root, file), "utf8");
      for (const [, name] of names.matchAll(/`([^`]+)`/g)) assert.ok(text.includes(name), `${file}: ${name}`);
    }
  }
});
