// No link of the documents leads nowhere.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { root } from "../../tools/env.mjs";
import { PAGES, textOf } from "./_blocks.mjs";

const OTHERS = [
  "llms.txt",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "CODE_OF_CONDUCT.md",
  "CHANGELOG.md",
  "examples/README.md",
  ...readdirSync(join(root, "docs", "design")).map((page) => `docs/design/${page}`),
].filter((page) => existsSync(join(root, page)));

/** As GitHub makes them of headings. */
function anchors(text) {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

test("each link to a file, and to a heading of it, leads somewhere", () => {
  const seen = { links: 0, anchors: 0, elsewhere: 0 };
  for (const page of [...PAGES, ...OTHERS]) {
    for (const [, target] of textOf(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      seen.links += 1;
      if (/^https?:/.test(target)) {
        seen.elsewhere += 1;
        continue;
      }
      const [path, anchor] = target.split("#");
      const file = path === "" ? join(root, page) : join(root, dirname(page), path);
      assert.ok(existsSync(file), `${page}: ${target}`);
      if (anchor !== undefined && file.endsWith(".md")) {
        seen.anchors += 1;
        assert.ok(anchors(readFileSync(file, "utf8")).includes(anchor), `${page}: ${target}`);
      }
    }
  }
  console.log(
    `${seen.links} links: ${seen.anchors} to a heading, ${seen.elsewhere} to other sites, not opened`,
  );
});

test("each page of the manual is found from its index, and by machines from llms.txt", () => {
  const index = textOf("docs/README.md") + textOf("docs/HOSTS.md");
  const guides = PAGES.filter((page) => page.startsWith("docs/guides/"));
  const pages = PAGES.filter((page) => page.startsWith("docs/") && page !== "docs/README.md");
  const lost = pages.filter((page) => !index.includes(`(${page.slice("docs/".length)})`));
  assert.deepEqual(lost, []);
  assert.deepEqual(
    guides.filter((page) => !textOf("llms.txt").includes(`(${page})`)),
    [],
  );
});
