/** Figures of the dashboard as people read them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, count, digits, duration, percent, rate, span } from "../../js/dashboard/page/format.ts";

const plain = (text: string) => text.replaceAll("\u202f", " ");

test("durations have three digits and a unit that fits", () => {
  const cases: [number | null, string][] = [
    [null, "–"],
    [0, "0 ms"],
    [0.0004, "0.4 µs"],
    [0.25, "250 µs"],
    [0.994, "994 µs"],
    [0.999, "1 ms"],
    [1, "1 ms"],
    [9.876, "9.88 ms"],
    [41.25, "41.3 ms"],
    [999.4, "999 ms"],
    [1234, "1.23 s"],
    [61_400, "61.4 s"],
    [180_000, "3 min"],
  ];
  for (const [ms, text] of cases) assert.equal(plain(duration(ms)), text, String(ms));
});

test("shares, rates and counts", () => {
  assert.deepEqual([null, 0, 0.004, 0.214, 4.56, 99.96].map(percent).map(plain), [
    "–",
    "0 %",
    "< 0.01 %",
    "0.21 %",
    "4.6 %",
    "100 %",
  ]);
  assert.deepEqual([null, 0, 0.0123, 12.345].map(rate).map(plain), ["–", "0 /s", "0.012 /s", "12.3 /s"]);
  assert.deepEqual([0, 999, 12_345, 1_234_567, 2e9].map(count).map(plain), [
    "0",
    "999",
    "12,345",
    "1.23 M",
    "2 G",
  ]);
  assert.deepEqual([0, -0.0004, 12_345.6].map(digits), ["0", "-4.0e-4", "12,346"]);
});

test("times that have passed", () => {
  assert.deepEqual([0, 1999, 2000, 119_000, 150_000, 8 * 3_600_000].map(ago).map(plain), [
    "now",
    "now",
    "2 s ago",
    "119 s ago",
    "3 min ago",
    "8 h ago",
  ]);
  assert.equal(plain(span(-5)), "0 s");
});
