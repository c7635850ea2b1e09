// The installed tarball through every tool that its users have; what comes out is run, and answers the same.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { root, which } from "../../tools/env.mjs";
import { keepRow } from "../../tools/matrix.mjs";
import { freePort, until } from "../../tools/receiver.mjs";
import { serveFolder } from "../../tools/workerd.mjs";
import { startWrangler } from "../../tools/wrangler.mjs";
import { byBun, byEdge, byEsbuild, byNitro, byRollup, byVite, byWebpack, byWrangler } from "./_bundlers.mjs";
import { install, nodes } from "./_install.mjs";

const folder = install();
const EXPECTED = {
  routes: ["/worker", "/fetch", "/req"],
  count: 3,
  alone: 1,
  metrics: true,
  excluded: 1,
  ours: true,
  timedOut: false,
  error: null,
};

const program = fileURLToPath(new URL("_program.mjs", import.meta.url));
const entry = (name, text) => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};
cpSync(program, join(folder, "program.mjs"));
const printing = entry(
  "print.mjs",
  `import { play } from "./program.mjs"; console.log(JSON.stringify(await play()));\n`,
);
const forPrint = entry(
  "then.mjs",
  `import { play } from "./program.mjs"; play().then((answer) => console.log(JSON.stringify(answer)));\n`,
);
const forPage = entry(
  "page.mjs",
  `import { play } from "./program.mjs"; globalThis.answer = play(); if (globalThis.document === undefined) globalThis.answer.then((answer) => postMessage(answer));\n`,
);
const forWorker = entry(
  "worker.mjs",
  `import { play } from "./program.mjs"; export default { fetch: async () => Response.json(await play()) };\n`,
);

const rows = {};
/** One cell: `tool` made it, `host` runs it. */
function cell(tool, host, run) {
  test(`${tool} → ${host}`, async () => {
    rows[tool] ??= {};
    rows[tool][host] = null;
    const started = Date.now();
    const answer = await run();
    // On a Worker the first events of a collector without a ctx of its own wait for its flush, as everywhere.
    assert.deepEqual(answer, EXPECTED);
    rows[tool][host] = Date.now() - started;
  });
}

const printed = (program, ...args) =>
  JSON.parse(
    execFileSync(program, args, { cwd: folder, encoding: "utf8", timeout: 60_000 }).trim().split("\n").at(-1),
  );
const inNode = (file, node = process.execPath) => printed(node, file);

let browser;
let pages;
before(async () => {
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  const executablePath = process.env.CHROMIUM ?? names.map((name) => which(name)).find(Boolean);
  const { args } = JSON.parse(readFileSync(join(root, "webdriver.json"), "utf8"))["goog:chromeOptions"];
  browser = await chromium.launch({ executablePath, args });
  // Any path answers an empty page; ?csp=… sets its policy.
  pages = createServer((request, response) => {
    const url = new URL(request.url, "http://host");
    const csp = url.searchParams.get("csp");
    if (csp) response.setHeader("content-security-policy", csp);
    const file = join(folder, url.pathname.slice("/files/".length));
    if (url.pathname.startsWith("/files/") && existsSync(file)) {
      response.setHeader("content-type", "text/javascript");
      return response.end(readFileSync(file));
    }
    response.setHeader("content-type", "text/html");
    response.end(
      `<!doctype html><link rel="icon" href="data:,"><script type="${url.searchParams.get("type") ?? "module"}" src="/files/${url.searchParams.get("file")}"></script>`,
    );
  });
  pages.listen(0, "127.0.0.1");
  await once(pages, "listening");
});
after(async () => {
  await browser?.close();
  pages?.closeAllConnections();
  pages?.close();
  for (const [tool, row] of Object.entries(rows)) keepRow(tool, row, "pack");
});

async function inPage(file, { type = "module", csp = "" } = {}) {
  const page = await browser.newPage();
  try {
    const url = new URL(`http://127.0.0.1:${pages.address().port}/`);
    url.search = String(new URLSearchParams({ file: file.slice(folder.length + 1), type, csp }));
    await page.goto(url.href);
    return await page.evaluate(() => globalThis.answer);
  } finally {
    await page.close();
  }
}

async function inPageWorker(file) {
  const page = await browser.newPage();
  try {
    await page.goto(`http://127.0.0.1:${pages.address().port}/?file=none`);
    const path = `/files/${file.slice(folder.length + 1)}`;
    return await page.evaluate(
      (path) =>
        new Promise((resolve) => new Worker(path).addEventListener("message", ({ data }) => resolve(data))),
      path,
    );
  } finally {
    await page.close();
  }
}

async function inWorkerd(files, compatibilityDate) {
  const worker = await serveFolder(files, { main: "index.js", compatibilityDate });
  try {
    return await (await fetch(worker.url)).json();
  } finally {
    await worker.stop();
  }
}

async function inWrangler(home) {
  const worker = await startWrangler(home);
  try {
    return await (await fetch(worker.url)).json();
  } finally {
    worker.stop();
  }
}

async function inServer(file) {
  const port = await freePort();
  const env = { ...process.env, HOST: "127.0.0.1", PORT: String(port) };
  const server = spawn(process.execPath, [file], { env, stdio: ["ignore", "ignore", "inherit"] });
  try {
    let response;
    const answers = () =>
      fetch(`http://127.0.0.1:${port}/`).then(
        (found) => {
          response = found;
          return true;
        },
        () => false,
      );
    await until(answers, 20_000, "an answer");
    return await response.json();
  } finally {
    server.kill("SIGKILL");
  }
}

for (const node of nodes) {
  const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
  cell("unbundled", `Node ${version}`, () => inNode(printing, node));
  cell("esbuild esm", `Node ${version}`, async () =>
    inNode(await byEsbuild(printing, folder, { format: "esm", platform: "node" }), node),
  );
  cell("esbuild cjs", `Node ${version}`, async () =>
    inNode(await byEsbuild(forPrint, folder, { format: "cjs", platform: "node" }), node),
  );
}
cell("unbundled", "Deno", () =>
  printed(
    which("deno"),
    "run",
    "--no-prompt",
    "--no-remote",
    "--no-config",
    "--node-modules-dir=manual",
    printing,
  ),
);
cell("unbundled", "Bun", () => printed(which("bun"), printing));
cell("esbuild neutral", "Deno", async () => {
  const file = await byEsbuild(printing, folder, {
    format: "esm",
    platform: "neutral",
    outfile: join(folder, "neutral.mjs"),
  });
  return printed(which("deno"), "run", "--no-prompt", "--no-remote", "--no-config", file);
});
cell("esbuild iife", "Chromium", async () =>
  inPage(
    await byEsbuild(forPage, folder, { format: "iife", minify: true, outfile: join(folder, "iife.js") }),
    { type: "text/javascript" },
  ),
);
cell("Rollup", "Node", async () => inNode(await byRollup(printing, folder)));
cell("webpack web", "Chromium", async () =>
  inPage(await byWebpack(forPage, folder, "web"), { type: "text/javascript" }),
);
cell("webpack webworker", "Chromium", async () =>
  inPageWorker(await byWebpack(forPage, folder, "webworker")),
);
cell("webpack node", "Node", async () => inNode(await byWebpack(forPrint, folder, "node20")));
cell("Vite", "Chromium", async () => inPage(await byVite(forPage, folder, false)));
cell("Vite SSR", "Node", async () => inNode(await byVite(printing, folder, true)));
cell("bun build", "Bun", async () => printed(which("bun"), byBun(printing, folder, "bun")));
cell("bun build", "Node", async () => inNode(byBun(printing, folder, "node")));
for (const date of ["2024-01-01", "2026-07-01"]) {
  cell("wrangler", `workerd ${date}`, async () => inWorkerd(byWrangler(forWorker, folder, date), date));
}
cell("Nitro cloudflare_module", "workerd", () => inWrangler(byNitro(folder, "cloudflare_module")));
cell("Nitro node_server", "Node", () =>
  inServer(join(byNitro(folder, "node_server"), ".output", "server", "index.mjs")),
);
cell("edge-light", "Node, as a stand-in", async () => inNode(await byEdge(printing, folder)));

test("under a policy that forbids wasm it is inert, says why, and throws nothing", async () => {
  const file = await byEsbuild(forPage, folder, { format: "esm", outfile: join(folder, "csp.mjs") });
  const { error, routes } = await inPage(file, { csp: "script-src 'self'" }).catch((thrown) => ({
    error: `${thrown}`,
  }));
  // StatsStore and the sampling functions have no collector to be inert: they throw, and say the same.
  assert.match(String(error), /wasm\/blocked|wasm-unsafe-eval/);
  assert.equal(routes, undefined);
  const alone = entry(
    "inert.mjs",
    `import { createCollector } from "tidegate";
    const tide = createCollector({}); tide.req("/", "GET", 200, 1, 1);
    globalThis.answer = tide.flush().then(() => ({ code: tide.error.code, refused: tide.counters().refused }));`,
  );
  const inert = await byEsbuild(alone, folder, { format: "esm", outfile: join(folder, "inert.out.mjs") });
  assert.deepEqual(await inPage(inert, { csp: "script-src 'self'" }), { code: "wasm/blocked", refused: 1 });
  assert.equal(
    (await inPage(inert, { csp: "script-src 'self' 'wasm-unsafe-eval'" }).catch(() => ({ code: "none" })))
      .code,
    "none",
  );
});
