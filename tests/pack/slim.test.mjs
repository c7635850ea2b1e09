// tidegate/slim: the same collector over a smaller module that the program brings along; what it lacks it says.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { brokenLaws } from "../../scripts/_laws.mjs";
import { startReceiver, until } from "../../scripts/_receiver.mjs";
import { startWorkerd } from "../../scripts/_workerd.mjs";
import { install, nodes } from "./_install.mjs";

const folder = install();

const use = `
const bytes = readFileSync(resolve("tidegate/slim.wasm"));
const codeOf = (make) => { try { return make().error?.code } catch ({ code, message }) { return [code, message] } };
const early = createCollector({});
early.req("/", "GET", 200, 1e12, 1);
const { code, message } = early.error;
initWasm(bytes);
const memory = memorySink();
const tide = createCollector({ sampling: { exclude: ["/health"] }, sinks: [memory, otlp({ url: "http://127.0.0.1:9" })], autoTick: false });
for (let i = 0; i < 100; i += 1) tide.req(i % 10 ? "/items/" + i : "/health/x", "GET", i % 50 ? 200 : 500, Date.now(), i);
tide.db("select a from b where c = 'secret'", Date.now(), 1);
const counted = tide.stats().count;
tide.close({ timeoutMs: 500 }).then(() => console.log(JSON.stringify({
  early: [code, message], counted, first: memory.events[0].route, query: memory.events.at(-1).query,
  counters: tide.counters(), metrics: tide.metricsText(),
  regex: codeOf(() => createCollector({ sampling: { exclude: ["re:^/a"] } })),
  json: codeOf(() => createCollector({ sinks: [otlp({ url: "http://127.0.0.1:9", encoding: "json" })] })),
  logs: codeOf(() => createCollector({ sinks: [otlp({ url: "http://127.0.0.1:9", signals: ["logs"] })] })),
})));
`;
const names = "createCollector, initWasm, memorySink, otlp";
const forms = {
  import: [
    "--input-type=module",
    "-e",
    `import { readFileSync } from "node:fs"; import { createRequire } from "node:module";
    import { ${names} } from "tidegate/slim"; const { resolve } = createRequire(process.cwd() + "/x.js");${use}`,
  ],
  require: [
    "-e",
    `const { readFileSync } = require("fs"), { resolve } = require; const { ${names} } = require("tidegate/slim");${use}`,
  ],
};

for (const node of nodes) {
  const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
  for (const [form, args] of Object.entries(forms)) {
    test(`Node ${version}, ${form}: it counts, decides and refuses`, () => {
      const stdio = ["ignore", "pipe", "ignore"];
      const found = JSON.parse(execFileSync(node, args, { cwd: folder, encoding: "utf8", stdio }));
      assert.equal(found.early[0], "wasm/blocked");
      assert.match(found.early[1], /initWasm/);
      assert.deepEqual([found.counted, found.first], [90, "/items/1"]);
      assert.equal(found.query, "select a from b where c = ?");
      assert.deepEqual(brokenLaws(found.counters), []);
      assert.equal(found.counters.excluded, 10);
      assert.match(found.metrics, /^# .*tidegate does\n$/);
      assert.equal(found.regex[0], "config/sampling-rule");
      assert.match(found.regex[1], /full package/);
      for (const refused of [found.json, found.logs]) assert.equal(refused[0], "config/sink");
    });
  }
}

test("workerd: every request arrives, with the module imported", async () => {
  const entry = join(folder, "worker.js");
  writeFileSync(
    entry,
    `import module from "tidegate/slim.wasm";
    import { createCollector, initWasm, ndjson } from "tidegate/slim";
    import { instrument } from "tidegate/workers";
    initWasm(module);
    const tide = createCollector((env) => ({ sinks: [ndjson({ url: env.SINK_URL })] }));
    export default instrument(tide, { fetch: () => Response.json(tide.counters()) });`,
  );
  const receiver = await startReceiver();
  const worker = await startWorkerd(entry, { bindings: { SINK_URL: receiver.url } });
  try {
    for (let at = 0; at < 50; at += 1) await (await fetch(`${worker.url}/items/${at}`)).json();
    await until(() => receiver.store.events.length === 50, 20_000, "fifty events");
    assert.equal(receiver.store.repeatedEvents(), 0);
  } finally {
    await worker.stop();
    await receiver.stop();
  }
});
