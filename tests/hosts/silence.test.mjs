// A sink that is down, wants other headers, or is not there: each host says so once, within a second, with the cause.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { createServer as createSocketServer } from "node:net";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { which } from "../../tools/env.mjs";
import { freePort } from "../../tools/receiver.mjs";
import { nodes } from "../pack/_install.mjs";
import { serving } from "./_host.mjs";

const script = fileURLToPath(new URL("_newcomer.mjs", import.meta.url));
const programs = [
  ...nodes.map((node) => [`Node (${node === process.execPath ? "tasks" : "machine"})`, node]),
  ["Deno", which("deno"), "run", "--no-prompt", "--allow-net"],
  ["Bun", which("bun")],
];

/** What the sink does, and what is said of it. */
const SINKS = {
  "a closed port": [
    async (work) => work(`http://127.0.0.1:${await freePort()}`),
    { cause: "refused" },
    "refused: check url; 1 event kept",
  ],
  401: [answering(401), { status: 401 }, "401: check headers; 1 event dropped"],
  404: [answering(404), { status: 404 }, "404: check url; 1 event dropped"],
  "an unknown host": [
    (work) => work("http://no-such-host.invalid"),
    { cause: "dns" },
    "dns: check url; 1 event kept",
  ],
  "a connection that ends": [breaking, { cause: "reset" }, "reset: check url; 1 event kept"],
  "http in place of https": [
    (work) => answering(200)((url) => work(url.replace("http:", "https:"))),
    { cause: "tls" },
    "tls: check url and certificate; 1 event kept",
  ],
};

function answering(status) {
  return (work) =>
    serving(
      createServer((_request, response) => response.writeHead(status).end()),
      work,
    );
}

async function breaking(work) {
  const server = createSocketServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.destroy());
  });
  server.closeAllConnections = () => {};
  return serving(server, work);
}

for (const [name, program, ...args] of programs) {
  for (const [what, [run, cause, said]] of Object.entries(SINKS)) {
    test(`${name}: a sink that is ${what} is told once`, async () => {
      await run(async (base) => {
        const given = [...args, script, `${base}/events?key=secret`];
        const { stdout, stderr } = await promisify(execFile)(program, given, { timeout: 60_000 });
        const lines = stderr.split("\n").filter((line) => line.includes("failed:"));
        assert.equal(lines.length, 1, stderr);
        const start = `tidegate: sink ndjson (${base}/events) failed: ${said}, next try in `;
        assert.ok(lines[0].startsWith(start), lines[0]);
        assert.doesNotMatch(stderr + stdout, /secret/);
        const notices = stdout.trim().split("\n").map(JSON.parse);
        const [{ at, nextTryMs, ...notice }] = notices;
        assert.equal(notices.length, 1);
        // Within a second, unless the machine is busy.
        assert.ok(at < 10_000, `${at} ms after the first flush`);
        assert.deepEqual(notice, {
          type: "sink-failed",
          sink: "ndjson",
          ...cause,
          url: `${base}/events`,
          count: 1,
        });
        assert.ok(lines[0].endsWith(` ${nextTryMs} ms`), lines[0]);
        if (process.env.TIDEGATE_QUOTE) console.log(`${name}, after ${at} ms: ${lines[0]}`);
      });
    });
  }
}
