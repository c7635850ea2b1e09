// tidegate/manual where hosts and bundlers bring the module in their own ways: it is loaded, and the events arrive.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { which } from "../../tools/env.mjs";
import { startReceiver, until } from "../../tools/receiver.mjs";
import { startWorkerd } from "../../tools/workerd.mjs";
import { startWrangler } from "../../tools/wrangler.mjs";
import { byEsbuild, byVite, byWebpack } from "./_bundlers.mjs";
import { install, nodes } from "./_install.mjs";
import { visit } from "./_site.mjs";

const folder = install();

function write(path, text) {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** A page that gives the module by `source`, an expression: one event before it has come, one after. */
const pageOf = (imports, source) => `${imports}
import { createCollector, initWasm, ndjson } from "tidegate/manual";
const ready = initWasm(${source});
const tide = createCollector({ sinks: [ndjson({ url: "/events" })] });
tide.evt("early");
globalThis.answer = ready.catch(() => {}).then(async () => {
  tide.evt("late");
  await tide.flush();
  const { emitted, refused } = tide.counters();
  return { emitted, refused, code: tide.error?.code ?? null, message: tide.error?.message ?? null };
});
`;

const WORKS = { emitted: 2, refused: 1, code: null, message: null };

function assertWorks({ answer, thrown, events }) {
  assert.deepEqual(answer, WORKS);
  assert.deepEqual(thrown, []);
  assert.deepEqual(
    events.map(({ name }) => name),
    ["late"],
  );
}

test("Vite: the file's URL by ?url, in Chromium", async () => {
  const entry = write("vite-page.mjs", pageOf('import url from "tidegate/core.wasm?url";', "fetch(url)"));
  const file = await byVite(entry, folder, false);
  const site = join(folder, "vite");
  assertWorks(await visit(site, relative(site, file)));
});

test("webpack: the file's URL as asset/resource, in Chromium", async () => {
  const entry = write("webpack-page.mjs", pageOf('import url from "tidegate/core.wasm";', "fetch(url)"));
  const site = join(folder, "webpack");
  const rules = [{ test: /\.wasm$/, type: "asset/resource" }];
  const file = await byWebpack(entry, site, "web", { rules });
  assertWorks(await visit(site, relative(site, file), { type: "text/javascript" }));
});

test("a page under script-src 'self' goes on, inert and with a reason; with 'wasm-unsafe-eval' its events arrive", async () => {
  const entry = write("csp-page.mjs", pageOf("", 'fetch("/core.wasm")'));
  const site = join(folder, "csp");
  const outfile = join(site, "page.js");
  await byEsbuild(entry, folder, { format: "esm", outfile });
  cpSync(join(folder, "node_modules/tidegate/dist/core.wasm"), join(site, "core.wasm"));

  const { answer, thrown, events } = await visit(site, "page.js", { csp: "script-src 'self'" });
  const { message, ...rest } = answer;
  assert.deepEqual(rest, { emitted: 2, refused: 2, code: "wasm/blocked" });
  assert.match(message, /Content.Security.Policy.*'wasm-unsafe-eval'/s);
  assert.deepEqual([thrown, events], [[], []]);

  assertWorks(await visit(site, "page.js", { csp: "script-src 'self' 'wasm-unsafe-eval'" }));
});

test("a page whose file is gone goes on, and says the status", async () => {
  const entry = write("gone-page.mjs", pageOf("", 'fetch("/no.wasm?token=secret")'));
  await byEsbuild(entry, folder, { format: "esm", outfile: join(folder, "gone", "page.js") });
  const { answer, thrown } = await visit(join(folder, "gone"), "page.js");
  assert.equal(answer.code, "wasm/blocked");
  assert.match(answer.message, /^the response from http:\/\/127\.0\.0\.1:\d+\/no\.wasm has status 404$/);
  assert.deepEqual(thrown, []);
});

for (const node of nodes) {
  const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
  test(`Node ${version}: the file by fs`, async () => {
    await arriving(async (url) => {
      const program = write(
        "node.mjs",
        `import { readFileSync } from "node:fs";
        import { createRequire } from "node:module";
        import { createCollector, initWasm, ndjson } from "tidegate/manual";
        initWasm(readFileSync(createRequire(import.meta.url).resolve("tidegate/core.wasm")));
        const tide = createCollector({ sinks: [ndjson({ url: process.argv[2] })] });
        for (let at = 0; at < 10; at += 1) tide.req("/items/" + at, "GET", 200, Date.now(), 1);`,
      );
      await promisify(execFile)(node, [program, url], { cwd: folder });
    });
  });
}

/** A Worker that imports the module. */
const workerOf = (module, manual, workers) => `
import module from "${module}";
import { createCollector, initWasm, ndjson } from "${manual}";
import { instrument } from "${workers}";
initWasm(module);
const tide = createCollector((env) => ({ sinks: [ndjson({ url: env.SINK_URL })] }));
export default instrument(tide, { fetch: () => Response.json(tide.error?.message ?? null) });
`;

test("workerd: the module imported, bundled by esbuild", async () => {
  const entry = write("worker.js", workerOf("tidegate/core.wasm", "tidegate/manual", "tidegate/workers"));
  await arriving(async (url) => startWorkerd(entry, { bindings: { SINK_URL: url } }));
});

test("wrangler dev --no-bundle: the package's files as they are", async () => {
  const home = join(folder, "no-bundle");
  for (const file of ["manual.js", "workers.js", "core.wasm"]) {
    cpSync(join(folder, "node_modules/tidegate/dist", file), join(home, "tidegate", file));
  }
  write(
    "no-bundle/index.js",
    workerOf("./tidegate/core.wasm", "./tidegate/manual.js", "./tidegate/workers.js"),
  );
  const rules = [{ type: "ESModule", globs: ["**/*.js"] }];
  const config = { name: "unbundled", main: "index.js", compatibility_date: "2026-07-01", rules };
  write("no-bundle/wrangler.json", JSON.stringify(config));
  await arriving((url) => startWrangler(home, { vars: { SINK_URL: url }, flags: ["--no-bundle"] }));
});

test("Nitro for Cloudflare: the module by ?module, in wrangler dev", async () => {
  const home = join(folder, "nitro");
  const config = { preset: "cloudflare_module", compatibilityDate: "2026-07-01", serverDir: "." };
  write("nitro/nitro.config.mjs", `export default ${JSON.stringify(config)};\n`);
  write("nitro/package.json", '{ "name": "packed", "type": "module" }\n');
  await arriving(async (url) => {
    write(
      "nitro/routes/items/[id].js",
      `import module from "tidegate/core.wasm?module";
      import { withTide } from "tidegate/fetch";
      import { createCollector, initWasm, ndjson } from "tidegate/manual";
      initWasm(module);
      const tide = createCollector({ sinks: [ndjson({ url: ${JSON.stringify(url)} })] });
      const handler = withTide(tide, () => Response.json(tide.error?.message ?? null));
      export default (event) => handler(event.req, event);`,
    );
    execFileSync(which("nitro"), ["build", "--dir", home], { cwd: home, stdio: "pipe" });
    // It leaves behind where wrangler finds its output.
    return startWrangler(home, { path: "/items/0" });
  });
});

/** Ten requests for items, at the server that `start` gives (with the sink's URL) if it gives one, have to arrive. */
async function arriving(start) {
  const receiver = await startReceiver();
  let server;
  try {
    server = await start(receiver.url);
    for (let at = 0; server !== undefined && at < 10; at += 1) {
      const response = await fetch(`${server.url}/items/${at}`);
      assert.equal(await response.json(), null);
    }
    const items = () => receiver.store.events.filter(({ route }) => route.startsWith("/items/"));
    await until(() => items().length >= 10, 20_000, "the events of ten requests");
    assert.equal(receiver.store.repeatedEvents(), 0);
  } finally {
    await server?.stop();
    await receiver.stop();
  }
}
