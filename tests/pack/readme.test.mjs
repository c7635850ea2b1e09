// The package's README: each start compiles against its host's types, and where its host is here, it runs as it stands.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { root, which } from "../../tools/env.mjs";
import { freePort, startReceiver, until } from "../../tools/receiver.mjs";
import { linkPackage } from "../../tools/workerd.mjs";

const LINES = 10;
const readme = readFileSync(join(root, "pkg", "README.md"), "utf8");
const chapter = readme.split("## A start for each host")[1].split("\n## ")[0];
/** Host → code. */
const starts = new Map(
  [...chapter.matchAll(/### ([^\n]+)\n\n```ts\n([^`]*(?:`[^`\n]+`[^`]*)*?)```/g)].map(([, host, code]) => [
    host,
    code,
  ]),
);

/** How each is compiled, and what of its host no package here describes. */
const workers = {
  types: ["@cloudflare/workers-types"],
  ambient: "interface Env { EVENTS_URL: string; DB: D1Database }",
};
const node = { types: ["node"], ambient: "" };
const HOSTS = {
  "Cloudflare Workers": workers,
  "Durable Objects": workers,
  "Service bindings (WorkerEntrypoint)": workers,
  Workflows: workers,
  Hono: { ...node, run: byFetch },
  "Express, and Connect": { ...node, run: inProgram(process.execPath) },
  Fastify: { ...node, run: inProgram(process.execPath) },
  Koa: { ...node, run: inProgram(process.execPath) },
  Node: { ...node, run: inProgram(process.execPath) },
  Deno: {
    types: [],
    ambient:
      "declare const Deno: { serve(options: { port: number }, handler: (request: Request, info: { remoteAddr: object }) => Response | Promise<Response>): object };",
    run: inProgram(
      which("deno"),
      "run",
      "--no-prompt",
      "--no-config",
      "--node-modules-dir=manual",
      "--allow-net",
      "--allow-env",
    ),
  },
  Bun: {
    types: [],
    ambient:
      "declare const Bun: { serve(options: { port: number; fetch(request: Request, server: object): Response | Promise<Response> }): object };",
    run: inProgram(which("bun")),
  },
  "Vercel edge": { types: [], ambient: "", run: byFetch },
  Browsers: { types: [], ambient: "" },
};

const folder = linkPackage(join(root, "build", "readme"));
const slug = (host) => host.toLowerCase().replace(/\W+/g, "-");

test("there is a start for each host, of ten lines of code at most but for the imports", () => {
  assert.deepEqual([...starts.keys()], Object.keys(HOSTS));
  for (const [host, code] of starts) {
    const lines = code.split("\n").filter((line) => line !== "" && !line.startsWith("import "));
    assert.ok(lines.length <= LINES, `${host}: ${lines.length} lines`);
  }
});

test("each compiles, strictly, with its host's types", () => {
  for (const [host, { types, ambient }] of Object.entries(HOSTS)) {
    const home = join(folder, `types-${slug(host)}`);
    rmSync(home, { recursive: true, force: true });
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, "start.ts"), starts.get(host));
    writeFileSync(join(home, "ambient.d.ts"), ambient);
    const lib = types.includes("@cloudflare/workers-types") ? ["es2022"] : ["es2022", "dom", "dom.iterable"];
    const compilerOptions = {
      target: "es2022",
      module: "esnext",
      moduleResolution: "bundler",
      strict: true,
      noEmit: true,
      noImplicitOverride: true,
      skipLibCheck: true,
      types,
      lib,
    };
    writeFileSync(join(home, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["."] }));
    const { status, stdout } = spawnSync(join(root, "node_modules", ".bin", "tsc"), ["-p", home], {
      encoding: "utf8",
    });
    assert.equal(status, 0, `${host}\n${stdout}`);
  }
});

for (const [host, { run }] of Object.entries(HOSTS)) {
  if (run === undefined) continue;
  test(`${host}: as it stands, but for the sink's address and the port, it answers and its event arrives`, async () => {
    const receiver = await startReceiver();
    const port = await freePort();
    const code = starts
      .get(host)
      .replaceAll("https://telemetry.example/events", receiver.url)
      .replaceAll("3000", port);
    const file = join(folder, `${slug(host)}.ts`);
    writeFileSync(file, code);
    try {
      await run(file, `http://127.0.0.1:${port}/items/7`, async () => {
        await until(() => receiver.store.events.length > 0, 10_000, "the event");
      });
      const [{ kind, status, method }] = receiver.store.events;
      assert.equal(kind, "REQ");
      assert.deepEqual([method, status], ["GET", 200]);
    } finally {
      await receiver.stop();
    }
  });
}

/** A server, in a process of its own. */
function inProgram(program, ...args) {
  return async (file, url, arrived) => {
    const child = spawn(program, [...args, file], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
    try {
      const answers = () =>
        fetch(url).then(
          (response) => response.ok,
          () => false,
        );
      await until(answers, 10_000, "an answer");
      await arrived();
    } finally {
      child.kill("SIGKILL");
    }
  };
}

/** What a host would import. */
async function byFetch(file, url, arrived) {
  const { default: found } = await import(pathToFileURL(file).href);
  const response = await (found.fetch ?? found)(new Request(url));
  assert.equal(response.status, 200);
  await arrived();
}
