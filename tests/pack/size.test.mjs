// No entry of the package outgrows size-budget.json.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/_env.mjs";
import { anatomy } from "../../scripts/_wasm-names.mjs";
import { budget, isSmallStd, measure } from "../../scripts/size.mjs";

const measured = await measure();
const limits = budget();

test("every entry has a budget, and every budget an entry", () => {
  assert.deepEqual(measured.map(({ name }) => name).sort(), Object.keys(limits).sort());
});

for (const { name, wasm, total } of measured) {
  const larger =
    wasm.gzip > 0 && !isSmallStd() && "the budget is for a standard library built for size (rust-src)";
  test(`${name} fits its budget`, { skip: larger }, () => {
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
