// What a client sees of each shape over a socket: the same, bare and measured, byte by byte, from each server runtime.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { root, which } from "../../tools/env.mjs";
import { brokenLaws, isDrained } from "../../tools/laws.mjs";
import { keepRow } from "../../tools/matrix.mjs";
import { startReceiver, until } from "../../tools/receiver.mjs";
import { linkPackage, startWorkerd } from "../../tools/workerd.mjs";
import { shapes } from "../runtime/_shapes.js";

/** Status, headers as sent, and the body, or how it broke off. */
function ask(base, shape, at, way) {
  const { method = "GET", headers = {}, body } = shape.init?.() ?? {};
  const payload =
    body === undefined ? undefined : Buffer.from(body instanceof URLSearchParams ? String(body) : body);
  const { port, hostname } = new URL(base);
  return new Promise((resolve) => {
    const options = { port, hostname, method, path: shape.path, agent: false };
    const outgoing = httpRequest({ ...options, headers: { ...headers, "x-shape": at, "x-way": way } });
    outgoing.on("error", (error) => resolve({ failed: error.code }));
    outgoing.on("response", (response) => {
      const chunks = [];
      const { statusCode, statusMessage, rawHeaders } = response;
      const fields = [];
      for (let i = 0; i < rawHeaders.length; i += 2) {
        if (rawHeaders[i].toLowerCase() !== "date") fields.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
      }
      const head = { statusCode, statusMessage, fields };
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", () => {});
      response.on("close", () =>
        resolve({ ...head, complete: response.complete, body: Buffer.concat(chunks).toString("base64") }),
      );
    });
    outgoing.end(payload);
  });
}

async function compare(base, runtime) {
  const found = [];
  let played = 0;
  for (const [at, shape] of shapes.entries()) {
    if (shape.skip?.[runtime] !== undefined) continue;
    played += 1;
    const [bare, measured] = [await ask(base, shape, at, "bare"), await ask(base, shape, at, "measured")];
    try {
      assert.deepEqual(measured, bare);
    } catch (error) {
      found.push(`${shape.name}: ${error.message}`);
    }
  }
  return { found, played };
}

async function check(name, runtime, base, receiver) {
  const row = { "transparency over the wire": null };
  const started = Date.now();
  const { found, played } = await compare(base, runtime);
  assert.deepEqual(found, []);
  assert.ok(played >= 60, `${played} shapes`);
  let counters;
  await until(
    async () => {
      counters = await (await fetch(`${base}/__tide`)).json();
      return isDrained(counters);
    },
    20_000,
    "an empty queue",
  );
  assert.deepEqual(brokenLaws(counters), []);
  const { events } = receiver.store;
  assert.equal(events.length, counters.accepted);
  // What throws is an exception beside its request.
  assert.equal(events.filter(({ kind }) => kind === "REQ").length, played);
  row["transparency over the wire"] = Date.now() - started;
  keepRow(name, row);
}

/** The server as a program under `command`; its first line is its port. */
async function withProgram(command, args, play) {
  const folder = linkPackage(join(root, "build", "guests", `wire-${command.split("/").at(-1)}`));
  for (const file of ["tests/transparency/_server.js", "tests/runtime/_shapes.js"])
    cpSync(join(root, file), join(folder, file));
  const receiver = await startReceiver();
  const env = { ...process.env, SINK_URL: receiver.url };
  const child = spawn(command, [...args, "tests/transparency/_server.js"], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    const [port] = await once(createInterface({ input: child.stdout }), "line");
    await play(`http://127.0.0.1:${port}`, receiver);
  } finally {
    child.kill("SIGKILL");
    await receiver.stop();
  }
}

test("workerd", async () => {
  const receiver = await startReceiver();
  const entry = join(root, "tests", "transparency", "_worker.js");
  const worker = await startWorkerd(entry, { bindings: { SINK: receiver.url } });
  try {
    await check("workerd, HTTP", "other", worker.url, receiver);
  } finally {
    await worker.stop();
    await receiver.stop();
  }
});

for (const [name, runtime, command, ...args] of [
  ["Node, HTTP", "other", process.execPath],
  [
    "Deno, HTTP",
    "deno",
    which("deno"),
    "run",
    "--no-prompt",
    "--no-config",
    "--node-modules-dir=manual",
    "--allow-net",
    "--allow-env",
  ],
  ["Bun, HTTP", "bun", which("bun")],
]) {
  test(name, () => withProgram(command, args, (base, receiver) => check(name, runtime, base, receiver)));
}
