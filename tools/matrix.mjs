// What the runtimes answered, case by case: each test process leaves its row in a file, and the last one looks at all.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./env.mjs";

/** Where the rows of a matrix are: "runtimes" or "pack". */
const folderOf = (kind) => join(root, "build", "rows", kind);

export function forgetRows() {
  rmSync(join(root, "build", "rows"), { recursive: true, force: true });
}

/** `row`: per case its milliseconds, or null if it failed. */
export function keepRow(runtime, row, kind = "runtimes") {
  const folder = folderOf(kind);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${runtime.replace(/\W+/g, "-")}.json`), JSON.stringify({ runtime, row }));
}

/** Runtime × case, as text; empty if none ran. */
export function matrix(kind) {
  const folder = folderOf(kind);
  if (!existsSync(folder)) return "";
  const rows = readdirSync(folder)
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")));
  const names = [...new Set(rows.flatMap(({ row }) => Object.keys(row)))];
  const lines = [["", ...names], ...rows.map(({ runtime, row }) => [runtime, ...names.map(cell(row))])];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines.map((line) => line.map((text, column) => text.padEnd(widths[column])).join("  ")).join("\n");
}

function cell(row) {
  return (name) => {
    if (!(name in row)) return "";
    return typeof row[name] === "number" ? `ok ${row[name]} ms` : "FAILED";
  };
}
