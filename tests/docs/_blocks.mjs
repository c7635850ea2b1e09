/**
 * The code blocks of the README and the manual. The line above a block says how it is run:
 *   <!-- run: node -->                      in that host, see _hosts.mjs
 *   <!-- run: workers drive=env.A.b() -->   with settings of the host, to the end of the line
 *   <!-- run: node file=examples/a/b.ts --> the block is that file
 *   <!-- file: examples/a/b.js -->          the block is that file, which tests/frameworks runs
 *   <!-- skip: why -->                      only outside of the README and the pages of hosts
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../tools/env.mjs";

/** The pages that tell how tidegate is used; what is measured and why stands in docs/design. */
export const PAGES = ["README.md", ...manual("docs")];

function manual(folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .map((path) => `${folder}/${path}`)
    .filter((path) => path.endsWith(".md") && !path.startsWith("docs/design/"))
    .sort();
}

export const textOf = (page) => readFileSync(join(root, page), "utf8");

const BLOCK = /(?:<!-- (run|skip|file): ([^\n]*?) -->\n+)?```(\w*)\n([\s\S]*?)\n```/g;

/** Each block: page, line, language, code; `run` is its host and settings, `file` what it shows, `skip` a reason. */
export const blocks = PAGES.flatMap((page) => {
  const text = textOf(page);
  return [...text.matchAll(BLOCK)].map((match) => {
    const [whole, directive, words = "", language, code] = match;
    const fence = match.index + whole.indexOf("```");
    const at = `${page}:${text.slice(0, fence).split("\n").length}`;
    const block = { page, at, language, code };
    if (directive === "skip" || directive === "file") return { ...block, [directive]: words };
    return directive === "run" ? { ...block, ...runOf(words) } : block;
  });
});

/** `workers objects=A,B drive=an expression with blanks`: `drive` is the last setting. */
function runOf(words) {
  const [host, ...rest] = words.split(" ");
  const settings = {};
  const [before, drive] = rest.join(" ").split(/(?:^| )drive=/);
  for (const setting of before.split(" ").filter(Boolean)) {
    const [name, value = "yes"] = setting.split("=");
    settings[name] = value;
  }
  return {
    run: host,
    settings: drive === undefined ? settings : { ...settings, drive },
    file: settings.file,
  };
}

export const isCode = ({ language }) => ["ts", "js", "tsx", "html"].includes(language);
