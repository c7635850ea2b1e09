// npm run boundary: the methods that the wasm module exports and the tests of each. Fails if one has none.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { exportedMethods, testsByMethod } from "../tools/boundary.mjs";
import { root } from "../tools/env.mjs";

const DECLARATIONS = join(root, "js", "wasm", "generated", "tidegate.d.ts");
const TESTS = join(root, "tests", "web");
/** Tests named in a line of the table; the rest is counted. */
const NAMED = 2;

/** A file that no `mod` names does not run. */
function allTests() {
  const tests = new Map();
  for (const [, name] of read("mod").matchAll(/^mod (\w+);/gm)) {
    for (const [method, names] of testsByMethod(name, read(name))) {
      tests.set(method, [...(tests.get(method) ?? []), ...names]);
    }
  }
  return tests;
}

const read = (name) => readFileSync(join(TESTS, `${name}.rs`), "utf8");

function line(width, method, tests) {
  const rest = tests.length > NAMED ? `, and ${tests.length - NAMED} more` : "";
  return `${method.padEnd(width)}  ${tests.slice(0, NAMED).join(", ") || "NO TEST"}${rest}`;
}

function main() {
  if (!existsSync(DECLARATIONS)) {
    console.error("js/wasm/generated/tidegate.d.ts is missing: run npm run build first");
    return 2;
  }
  const methods = exportedMethods(readFileSync(DECLARATIONS, "utf8"));
  const tests = allTests();
  const width = Math.max(0, ...methods.map((method) => method.length));
  for (const method of methods) console.log(line(width, method, tests.get(method) ?? []));
  const untested = methods.filter((method) => !tests.has(method));
  console.log(`\n${methods.length} exported methods, ${untested.length} without a test`);
  if (untested.length > 0) console.error(`call them in tests/web: ${untested.join(", ")}`);
  // No method at all: then the declarations were not understood.
  return methods.length === 0 || untested.length > 0 ? 1 : 0;
}

process.exitCode = main();
