// What a server receives of each call: the same, bare and measured, from each runtime, but for the span.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { cpSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { root, which } from "../../tools/env.mjs";
import { linkPackage, startWorkerd } from "../../tools/workerd.mjs";

/** Those that send something, and no span of their own. */
const SPANS = 30;

/** Tells what it has received. The boundary of a form is random. */
async function withEcho(play) {
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request.on("error", () => {})) chunks.push(chunk);
    if (request.url === "/never") return;
    if (request.url === "/redirect") response.writeHead(302, { location: "/echo" });
    const { host, connection, ...headers } = request.headers;
    const { method, url } = request;
    const body = Buffer.concat(chunks).toString();
    const boundary = /boundary=(.+)/.exec(headers["content-type"])?.[1];
    const text = JSON.stringify({ method, url, ...headers, body });
    response.end(boundary === undefined ? text : text.replaceAll(boundary, "boundary"));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    await play(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function check({ differing, spans }) {
  assert.deepEqual(differing, []);
  assert.ok(spans >= SPANS, `${spans} spans`);
}

test("workerd", () =>
  withEcho(async (echo) => {
    const entry = join(root, "tests", "transparency", "_outgoing-worker.js");
    const worker = await startWorkerd(entry, { bindings: { ECHO: echo } });
    try {
      check(await (await fetch(worker.url)).json());
    } finally {
      await worker.stop();
    }
  }));

for (const [name, command, ...args] of [
  ["Node", process.execPath],
  ["Deno", which("deno"), "run", "--no-prompt", "--no-config", "--node-modules-dir=manual", "-NE"],
  ["Bun", which("bun")],
]) {
  test(name, () =>
    withEcho(async (echo) => {
      const folder = linkPackage(join(root, "build", "guests", `outgoing-${name}`));
      cpSync(join(root, "tests", "transparency", "_outgoing.js"), join(folder, "outgoing.mjs"));
      const env = { ...process.env, ECHO_URL: echo };
      const { stdout } = await promisify(execFile)(command, [...args, "outgoing.mjs"], { cwd: folder, env });
      check(JSON.parse(stdout));
    }),
  );
}
