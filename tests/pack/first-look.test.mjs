// What the README shows of the pretty console is what the sink prints. TIDEGATE_BLESS=1 writes it.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../tools/env.mjs";

const { consoleSink } = await import(join(root, "pkg", "dist", "inline.js"));
const FILE = join(root, "README.md");
const BLOCK = /(first-look\.test\.mjs -->\n```text\n)[^`]*/;

const failed = { trace_id: "1".repeat(32), p: 1 };
const FAILED = [
  {
    kind: "REQ",
    ts: 1767225601250,
    route: "/orders",
    method: "POST",
    status: 500,
    dur_ms: 31,
    error: "PaymentError",
    error_message: "the card was declined",
    error_stack: "    at pay (src/pay.ts:12:9)",
    span_id: "1".repeat(16),
    ...failed,
  },
  {
    kind: "FN",
    ts: 1767225601252,
    fn: "POST PAY",
    dur_ms: 25,
    error: "402",
    attributes: { "http.response.status_code": 402 },
    span_id: "2".repeat(16),
    parent_id: "1".repeat(16),
    ...failed,
  },
];

test("the README shows what the pretty console prints", async (t) => {
  const readme = readFileSync(FILE, "utf8");
  const shown = readme
    .split("```jsonl\n")[1]
    .split("\n```")[0]
    .split("\n")
    .map((line) => JSON.parse(line));
  const printed = [];
  for (const method of ["log", "error"]) t.mock.method(console, method, (text) => printed.push(text));
  consoleSink({ pretty: true }).send([...shown, ...FAILED], { env: { NO_COLOR: "1" } });
  t.mock.restoreAll();
  const text = `${printed.join("\n")}\n`;
  const wanted = readme.replace(BLOCK, (_, head) => head + text);
  if (process.env.TIDEGATE_BLESS === "1") writeFileSync(FILE, wanted);
  else assert.equal(BLOCK.exec(readme)?.[0].split("```text\n")[1], text);
});
