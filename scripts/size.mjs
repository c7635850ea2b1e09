// npm run size [-- --json | --wasm]: what a user of the built package ships, in bytes, beside its budget.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { budget, core, measure, sizes } from "../tools/size.mjs";
import { namedWasm } from "../tools/wasm.mjs";
import { anatomy } from "../tools/wasm-anatomy.mjs";

async function report() {
  const limits = budget();
  const width = 24;
  const cell = (value) => String(value ?? "").padStart(9);
  const head = ["wasm gzip", "js raw", "js gzip", "gzip", "brotli", "budget", "target"];
  console.log("entry".padEnd(width) + head.map(cell).join(" "));
  for (const { name, wasm, js, total } of await measure()) {
    const { gzip, target } = limits[name] ?? {};
    const row = [wasm.gzip, js.raw, js.gzip, total.gzip, total.brotli, gzip, target];
    console.log(name.padEnd(width) + row.map(cell).join(" "));
  }
  const { raw, gzip, brotli } = core();
  console.log(`core.wasm: ${raw} bytes, gzip ${gzip}, brotli ${brotli}`);
}

/** Groups are compressed one by one, so they add up to a little more than the whole. An exported method holds what is inlined into it. */
function reportWasm() {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-size-"));
  const { sections, functions } = anatomy(readFileSync(namedWasm(join(folder, "named.wasm"))));
  rmSync(folder, { recursive: true });
  for (const [name, bytes] of sections) {
    // It is not shipped.
    if (name !== "name") console.log(`${String(bytes).padStart(8)}  section ${name}`);
  }
  const groups = Map.groupBy(functions, ({ owner }) => owner);
  const rows = [...groups].map(([owner, members]) => ({
    owner,
    count: members.length,
    ...sizes(Buffer.concat(members.map(({ code }) => code))),
  }));
  console.log("\n    gzip       raw  functions  owner");
  for (const { owner, count, raw, gzip } of rows.sort((a, b) => b.gzip - a.gzip).slice(0, 40)) {
    console.log(
      [String(gzip).padStart(8), String(raw).padStart(8), String(count).padStart(9), owner].join("  "),
    );
  }
  console.log("\n     raw  function");
  for (const { name, bytes } of functions.sort((a, b) => b.bytes - a.bytes).slice(0, 60)) {
    console.log(`${String(bytes).padStart(8)}  ${name}`);
  }
}

if (process.argv.includes("--wasm")) reportWasm();
else if (process.argv.includes("--json")) console.log(JSON.stringify(await measure(), null, 2));
else await report();
