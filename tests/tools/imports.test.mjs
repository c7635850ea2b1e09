// Scripts, benches and tests share what is in tools, and nothing else; and no file imports itself by way of others.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { root } from "../../tools/env.mjs";

/** What the files of a folder may import, by the beginning of a path. */
const ALLOWED = {
  tools: ["tools/"],
  benches: ["benches/", "tools/"],
  scripts: ["scripts/", "tools/", "benches/main.mjs"],
  // Tests import what they test: of the scripts, the parts that are in tools.
  tests: ["tests/", "tools/", "benches/", "js/", "pkg/"],
};
const IMPORT = /\b(?:from|import)\b[\s(]*"(\.{1,2}\/[^"]+)"/g;

const files = Object.keys(ALLOWED).flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .filter((file) => /\.(mjs|js|ts)$/.test(file) && !/node_modules|fixtures/.test(file))
    .map((file) => join(folder, file)),
);
const imports = new Map(files.map((file) => [file, importsOf(file)]));

/** From the root of the repository. Programs within a program, as text, import from elsewhere. */
function importsOf(file) {
  const text = readFileSync(join(root, file), "utf8");
  const found = [...text.matchAll(IMPORT)].map(([, path]) => join(root, dirname(file), path));
  return found.filter(existsSync).map((path) => relative(root, path));
}

for (const [folder, allowed] of Object.entries(ALLOWED)) {
  test(`${folder} import ${allowed.join(", ")} only`, () => {
    const own = files.filter((file) => file.startsWith(`${folder}/`));
    assert.ok(own.length > 3);
    const wrong = own.flatMap((file) =>
      imports
        .get(file)
        .filter((path) => !allowed.some((start) => path.startsWith(start)))
        .map((path) => `${file} imports ${path}`),
    );
    assert.deepEqual(wrong, []);
  });
}

test("no file imports itself by way of others", () => {
  const done = new Set();
  const visit = (file, path) => {
    assert.ok(!path.includes(file), `a circle: ${[...path, file].join(" → ")}`);
    if (done.has(file)) return;
    for (const next of imports.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
});
