/** How the blocks of the documents are compiled and run: in the host that they are written for. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { root, which } from "../../tools/env.mjs";
import { freePort, startReceiver, until } from "../../tools/receiver.mjs";
import { linkPackage } from "../../tools/workerd.mjs";
import { startWrangler } from "../../tools/wrangler.mjs";

export const folder = linkPackage(join(root, "build", "docs"));

const WORKER_ENV = `interface Env {
  EVENTS_URL: string; OTLP_URL: string; TOKEN: string; DB: D1Database; KV: KVNamespace; R2: R2Bucket; QUEUE: Queue;
  AE: AnalyticsEngineDataset; API: Fetcher;
}`;
const DENO = `declare const Deno: {
  serve(options: { port: number }, handler: (request: Request, info: { remoteAddr: object }) => Response | Promise<Response>): object;
};`;
const BUN = `declare const Bun: {
  serve(options: { port: number; fetch(request: Request, server: object): Response | Promise<Response> }): object;
};`;

/** Host → types of npm packages, what else is declared, and what runs a block. */
export const HOSTS = {
  workers: { types: ["@cloudflare/workers-types"], ambient: WORKER_ENV, run: inWorker },
  handler: { types: ["@cloudflare/workers-types"], ambient: WORKER_ENV, run: inHandler, wrap: handler },
  node: { types: ["node"], ambient: "", run: inProgram(process.execPath) },
  deno: {
    types: [],
    ambient: DENO,
    run: inProgram(which("deno"), "run", "--no-prompt", "--no-config", "--node-modules-dir=manual", "-A"),
  },
  bun: { types: [], ambient: BUN, run: inProgram(which("bun")) },
  edge: { types: [], ambient: "", run: byImport },
  fetch: { types: ["node"], ambient: "", run: byImport },
  browser: { types: [], ambient: "", run: inPage },
};

/** What a block of `handler` stands in: the body of a Worker's handler. */
function handler(code) {
  const [imports, body] = split(code);
  return `import { createCollector, ndjson } from "tidegate";
import { instrument } from "tidegate/workers";
${imports}
const tide = createCollector((env: Env) => ({ sinks: [ndjson({ url: env.EVENTS_URL })] }));
export default instrument(tide, {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const scope = tide.scope(request);
    void [scope, env, ctx];
${body}
    return new Response("ok");
  },
});
`;
}

function split(code) {
  const lines = code.split("\n");
  const isImport = (line) => line.startsWith("import ");
  return [lines.filter(isImport).join("\n"), lines.filter((line) => !isImport(line)).join("\n")];
}

/** The addresses that documents have, as those of the test. */
export function localized(code, receiver, port) {
  return code
    .replaceAll("https://telemetry.example/events", receiver.url)
    .replaceAll("https://telemetry.example", receiver.base)
    .replaceAll("3000", String(port));
}

/** Runs `work` with a receiver; then events must have arrived, unless the block sends none. */
async function withReceiver(settings, work) {
  const receiver = await startReceiver();
  try {
    await work(receiver);
    if (settings.events !== "none") await until(() => receiver.store.events.length > 0, 15_000, "an event");
    assert.equal(receiver.stats.malformed, 0);
  } finally {
    await receiver.stop();
  }
}

function homeOf(name) {
  const home = join(folder, name);
  mkdirSync(home, { recursive: true });
  return home;
}

async function answers(url, init) {
  const answered = () =>
    fetch(url, init).then(
      (response) => response.status < 500 && response.arrayBuffer().then(() => true),
      () => false,
    );
  await until(answered, 30_000, `an answer of ${url}`);
}

/** By the real `wrangler dev`; a table of items is there. */
async function inWorker(name, code, settings) {
  await withReceiver(settings, async (receiver) => {
    const home = homeOf(name);
    writeFileSync(join(home, "block.ts"), localized(code, receiver, 3000));
    writeFileSync(join(home, "main.ts"), driver(settings));
    writeFileSync(join(home, "wrangler.json"), JSON.stringify(configOf(name, settings, receiver)));
    const worker = await startWrangler(home, { path: "/__ready", logLevel: "log" });
    try {
      await answers(`${worker.url}${settings.get ?? "/items/7"}`);
      if (settings.events !== "none") {
        // What a Worker sends after an answer may wait for the next request.
        await until(() => receiver.store.events.length > 0, 15_000, "an event").catch((error) => {
          throw new Error(`${error.message}\n${worker.log}`);
        });
      }
      if (settings.log !== undefined)
        await until(() => worker.log.includes(settings.log), 10_000, settings.log);
    } finally {
      worker.stop();
    }
  });
}

function inHandler(name, code, settings) {
  return inWorker(name, handler(code), settings);
}

/** Without a handler of its own, a block is driven by an expression of `env`. */
function driver({ drive }) {
  const call =
    drive === undefined
      ? "return block.default.fetch(request, env, ctx);"
      : `return Response.json((await (${drive})) ?? null);`;
  return `import { WorkerEntrypoint } from "cloudflare:workers";
import * as block from "./block.ts";
export * from "./block.ts";
/** What is behind the binding API: it fetches. */
export class Api extends WorkerEntrypoint {
  fetch(request) {
    return fetch(request);
  }
}
const others = Object.fromEntries(Object.entries(block.default ?? {}).filter(([name]) => name !== "fetch"));
export default {
  ...others,
  async fetch(request, env, ctx) {
    if (request.url.endsWith("/__ready")) {
      await env.DB.exec("create table if not exists items (id integer primary key, name text)");
      return new Response("ready");
    }
    ${call}
  },
};
`;
}

const list = (text = "") => text.split(",").filter(Boolean);

const capitals = (name) => name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();

/** A class has a binding of its name in capitals: `TideHub` is `TIDE_HUB`. */
function configOf(name, { objects, entrypoints, workflows, flags = "nodejs_compat" }, receiver) {
  const worker = name.toLowerCase().slice(-40).replace(/^-/, "");
  const classes = (text) => list(text).map((found) => ({ name: capitals(found), class_name: found }));
  return {
    name: worker,
    main: "main.ts",
    compatibility_date: "2026-07-01",
    compatibility_flags: list(flags === "none" ? "" : flags),
    vars: { EVENTS_URL: receiver.url, OTLP_URL: receiver.base, TOKEN: "t" },
    d1_databases: [{ binding: "DB", database_name: "db", database_id: "db" }],
    kv_namespaces: [{ binding: "KV", id: "kv" }],
    r2_buckets: [{ binding: "R2", bucket_name: "bucket" }],
    queues: { producers: [{ binding: "QUEUE", queue: "queue" }] },
    analytics_engine_datasets: [{ binding: "AE", dataset: "ae" }],
    durable_objects: { bindings: classes(objects) },
    migrations: objects === undefined ? [] : [{ tag: "v1", new_sqlite_classes: list(objects) }],
    services: ["Api", ...list(entrypoints)].map((found) => {
      return { binding: found.toUpperCase(), service: worker, entrypoint: found };
    }),
    workflows: list(workflows).map((found) => {
      return { binding: found.toUpperCase(), name: found.toLowerCase(), class_name: found };
    }),
  };
}

/** A server that listens on port 3000, or a program that ends. */
function inProgram(program, ...args) {
  return (name, code, settings) =>
    withReceiver(settings, async (receiver) => {
      const port = await freePort();
      const file = join(homeOf(name), "block.ts");
      writeFileSync(file, localized(code, receiver, port));
      const child = spawn(program, [...args, file], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text) => {
          output += text;
        });
      }
      try {
        if (code.includes("3000")) {
          await answers(`http://127.0.0.1:${port}${settings.get ?? "/items/7"}`);
          if (settings.events !== "none") {
            await until(() => receiver.store.events.length > 0, 15_000, "an event");
          }
        } else {
          const [exit] = await new Promise((resolve) => child.once("exit", (...how) => resolve(how)));
          assert.equal(exit, 0, output);
        }
        if (settings.log !== undefined)
          await until(() => output.includes(settings.log), 10_000, settings.log);
      } catch (error) {
        throw new Error(`${error.message}\n${output}`);
      } finally {
        child.kill("SIGKILL");
      }
    });
}

/** The default export is a handler, or has one: what such a host would import. */
function byImport(name, code, settings) {
  return withReceiver(settings, async (receiver) => {
    const file = join(homeOf(name), "block.ts");
    writeFileSync(file, localized(code, receiver, 3000));
    const { default: found } = await import(file);
    const response = await (found.fetch?.bind(found) ?? found)(new Request("http://localhost/items/7"));
    assert.equal(response.status, 200);
    if (settings.events !== "none") await until(() => receiver.store.events.length > 0, 15_000, "an event");
  });
}

/** In Chromium, on a page that is left. */
async function inPage(name, code) {
  const home = homeOf(name);
  writeFileSync(join(home, "block.ts"), code);
  const { outputFiles } = await build({
    entryPoints: [join(home, "block.ts")],
    bundle: true,
    format: "esm",
    write: false,
    loader: { ".wasm": "file" },
    outdir: home,
    logLevel: "error",
    nodePaths: [join(folder, "node_modules")],
  });
  const posts = [];
  const script = outputFiles.find(({ path }) => path.endsWith(".js")).text;
  const server = createServer(async (request, response) => {
    if (request.method === "POST") {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      posts.push(Buffer.concat(chunks).toString());
      return response.end();
    }
    response.setHeader("content-type", "text/html");
    response.end(`<!doctype html><link rel="icon" href="data:,"><script type="module">${script}</script>`);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await chromium.launch({ executablePath: which("chromium"), args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await until(() => posts.length > 0, 15_000, "a post");
    assert.match(posts[0], /"kind":/);
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
}
