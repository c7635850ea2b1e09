// Plays every bad behavior of a receiver, and prints a table of what came of it: npm run hostile.
import { DEADLINE_MS, playAll } from "./_play.mjs";

const head = ["server", "sink", "outcome", "retries", "ms", "delivered", "rejected", "conserved"];
const results = await playAll();
const lines = results.map(({ row, kind, outcome, retries, spentMs, delivered, rejected, conserved }) =>
  [row, kind, outcome, retries, spentMs, delivered, rejected, conserved ? "yes" : "NO"].map(String),
);
const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => line[column].length)));
const isNumber = (column) => column > 2 && column < 7;
const pad = (cell, column) =>
  isNumber(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]);
for (const line of [head, ...lines]) console.log(line.map(pad).join("  ").trimEnd());

const wrong = results.filter((result) => result.wrong.length > 0);
for (const result of wrong)
  console.error(`NOT AS IT SHOULD BE: ${result.kind}, ${result.row}: ${result.wrong}`);
const conserved = results.filter((result) => result.conserved).length;
console.log(
  `\n${results.length} rows, ${conserved} conserved, ${wrong.length} wrong; ms: the longest send, deadline ${DEADLINE_MS}`,
);
process.exitCode = wrong.length > 0 || conserved < results.length ? 1 : 0;
