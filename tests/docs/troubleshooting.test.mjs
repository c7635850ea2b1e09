// The page knows every code, notice and drop reason that the code has.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../tools/env.mjs";
import { textOf } from "./_blocks.mjs";

const page = textOf("docs/troubleshooting.md");
const read = (...path) => readFileSync(join(root, ...path), "utf8");

function sources(folder, extension) {
  return readdirSync(join(root, folder), { recursive: true })
    .filter((path) => path.endsWith(extension) && !path.includes("generated"))
    .map((path) => read(folder, path));
}

test("each code", () => {
  const texts = [...sources("js", ".ts"), ...sources("src", ".rs")].join("\n");
  const codes = new Set(
    [...texts.matchAll(/"((?:config|wasm|core|sink|stats|hub)\/[a-z-]+)"/g)].map(([, code]) => code),
  );
  assert.ok(codes.size > 30);
  console.log(`${codes.size} codes`);
  assert.deepEqual(
    [...codes].filter((code) => !page.includes(`\`${code}\``)),
    [],
  );
});

test("each notice", () => {
  const notices = [...read("js/types/notices.ts").matchAll(/readonly type: "([\w-]+)"/g)].map(
    ([, name]) => name,
  );
  assert.ok(notices.length > 4);
  console.log(`${notices.length} notices`);
  assert.deepEqual(
    notices.filter((name) => !page.includes(`| \`${name}\``)),
    [],
  );
});

test("each reason of a drop, and of a refusal", () => {
  const reasons = [...read("src/engine/ledger/reason.rs").matchAll(/Self::\w+ => "(\w+)"/g)].map(
    ([, name]) => name,
  );
  assert.ok(reasons.length > 6);
  console.log(`${reasons.length} reasons of drops and refusals`);
  assert.deepEqual(
    reasons.filter((name) => !page.includes(`| \`${name}\``)),
    [],
  );
});
