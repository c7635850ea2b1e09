// No entry of the package outgrows size-budget.json, and what fills its module can be told.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../tools/env.mjs";
import { budget, measure } from "../../tools/size.mjs";
import { namedWasm } from "../../tools/wasm.mjs";
import { anatomy } from "../../tools/wasm-anatomy.mjs";

const measured = await measure();
const limits = budget();

test("every entry has a budget, and every budget an entry", () => {
  assert.deepEqual(measured.map(({ name }) => name).sort(), Object.keys(limits).sort());
});

for (const { name, total } of measured) {
  test(`${name} fits its budget`, () => {
    const { gzip } = limits[name];
    assert.ok(total.gzip <= gzip, `${total.gzip} bytes min+gzip, ${gzip} allowed: npm run size -- --wasm`);
  });
}

test("the anatomy of a module accounts for its code to the byte", () => {
  const module = join(root, "pkg", "dist", "core.wasm");
  assert.ok(existsSync(module));
  const { sections, functions } = anatomy(readFileSync(module));
  const bodies = functions.reduce((sum, { bytes }) => sum + bytes, 0);
  // Beside the bodies there is a length before each, of one to three bytes, and one count.
  const rest = sections.get("code") - bodies;
  assert.ok(functions.length > 100 && rest > functions.length && rest < 3 * functions.length + 5);
});

test("the named module has the code of the shipped one, and nearly all of it has an owner", () => {
  const named = namedWasm(join(mkdtempSync(join(tmpdir(), "tidegate-size-")), "named.wasm"));
  const [shipped, { functions }] = [join(root, "pkg", "dist", "core.wasm"), named].map((file) =>
    anatomy(readFileSync(file)),
  );
  const bytesOf = (members) => members.reduce((sum, { bytes }) => sum + bytes, 0);
  assert.equal(bytesOf(functions), bytesOf(shipped.functions));
  const owners = new Set(functions.map(({ owner }) => owner));
  for (const owner of [
    "tidegate::engine::stats",
    "tidegate::wasm, exported",
    "serde_wasm_bindgen",
    "dlmalloc",
  ]) {
    assert.ok(owners.has(owner), owner);
  }
  const unknown = functions.filter(({ owner }) => owner === "compiler");
  assert.ok(bytesOf(unknown) < bytesOf(functions) / 100, unknown.map(({ name }) => name).join(", "));
});
