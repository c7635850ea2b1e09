// Programs are written once: what a page shows of an example is its file. TIDEGATE_BLESS=1 writes the pages.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../tools/env.mjs";
import { blocks, PAGES, textOf } from "./_blocks.mjs";

const FRAMEWORKS = join(root, "tests", "frameworks");
const SHOWN = /(<!-- (?:file: |run: [^\n]*?\bfile=)(\S+)[^\n]*-->\n+```\w+\n)[\s\S]*?\n```/g;

const shown = blocks.filter(({ file }) => file !== undefined);
const folderOf = (file) => file.split("/")[1];
const read = (file) => readFileSync(join(root, file), "utf8").trimEnd();

/** The tests of an example, as text: its name is the second argument of `hostTest`. */
const suites = readdirSync(FRAMEWORKS)
  .filter((file) => file.endsWith(".test.mjs"))
  .map((file) => readFileSync(join(FRAMEWORKS, file), "utf8"));
const suiteOf = (name) => suites.find((text) => text.includes(`", "${name}", {`));

if (process.env.TIDEGATE_BLESS === "1") {
  for (const page of PAGES) {
    const text = textOf(page);
    const written = text.replace(SHOWN, (_, head, file) => `${head}${read(file)}\n\`\`\``);
    if (written !== text) writeFileSync(join(root, page), written);
  }
}

test("each block of an example is its file", () => {
  assert.ok(shown.length > 20);
  for (const { at, file, code } of shown) assert.equal(code, read(file), at);
});

test("each example that a page shows is run, by its block or by a suite", () => {
  const run = new Set(shown.filter((block) => block.run !== undefined).map(({ file }) => folderOf(file)));
  const idle = shown.filter(({ file }) => !run.has(folderOf(file)) && suiteOf(folderOf(file)) === undefined);
  assert.deepEqual(
    idle.map(({ at }) => at),
    [],
  );
});

test("each example has a page that shows it", () => {
  const folders = readdirSync(join(root, "examples"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  const known = new Set(shown.map(({ file }) => folderOf(file)));
  assert.deepEqual(
    folders.filter((name) => !known.has(name)),
    [],
  );
});

/** The answer that a page promises to its own `curl` is one that a suite, or the block itself, has seen. */
test("each page of a host has a check, and the event that comes of it was seen by a suite", () => {
  const pages = PAGES.filter((page) => page.startsWith("docs/hosts/"));
  assert.ok(pages.length > 20);
  for (const page of pages) {
    const text = textOf(page);
    const [, path] = /curl (?!-X)[^\n]*localhost:\d+(\/\S*)/.exec(text) ?? [];
    assert.ok(path, `${page}: no curl`);
    const own = blocks.filter((block) => block.page === page && block.file !== undefined);
    const suite = own.map(({ file }) => suiteOf(folderOf(file))).find(Boolean);
    const { route, status } = /^\{"kind":"REQ".*\}$/m.test(text)
      ? JSON.parse(/^\{"kind":"REQ".*\}$/m.exec(text)[0])
      : {};
    if (suite === undefined || route === undefined) continue;
    assert.ok(
      suite.includes(`["GET ${path}", ${status}, "${route}"]`),
      `${page}: GET ${path} ${status} ${route}`,
    );
  }
});
