// What npm run hub:simulate counts is what workerd counts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inSimulation, inWorkerd } from "./_simulate.mjs";

test("10 isolates with 10 requests a second: rows, calls and bytes as in workerd", async () => {
  const how = { isolates: 10, rps: 10, seconds: 120 };
  const [simulated, real] = [await inSimulation(how), await inWorkerd(how)];
  for (const name of ["pushes", "alarms", "rpcs", "rows", "bytes", "requests"]) {
    assert.equal(simulated[name], real[name], name);
  }
  assert.ok(simulated.isCounted && real.isCounted);
  // One for each push, two for each minute, four for the tables.
  assert.equal(real.rows, real.pushes + 2 * real.alarms + 1 + 4);
  assert.ok(real.ageMs.max <= 5000);
});
