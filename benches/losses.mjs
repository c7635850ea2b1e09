/**
 * What is lost when the requests that own a flush die: of 200 requests every twentieth is ended by the runtime as soon as
 * it is answered, and what it left to `waitUntil` with it. Each request has a path of its own, so an event has arrived if
 * its path is found in what came to the sink.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { root } from "../tools/env.mjs";
import { startWorkerd } from "../tools/workerd.mjs";
import { workerFile } from "./worker-files.mjs";

export const REQUESTS = 200;
const DOOMED_EVERY = 20;
/** Long enough for every library's own interval and retry. */
const QUIET_MS = 8000;

/** How many of the requests no event of which has arrived. */
export async function losses(file, flags) {
  const sink = await startSink();
  const folder = mkdtempSync(join(root, "build", "losses-"));
  const entry = join(folder, "entry.mjs");
  writeFileSync(entry, doomed(workerFile(file)));
  const worker = await startWorkerd(entry, { bindings: { SINK: sink.url }, flags });
  try {
    const paths = Array.from({ length: REQUESTS }, (_, at) => `/${letters(at)}`);
    for (const [at, path] of paths.entries()) {
      const headers = at % DOOMED_EVERY === DOOMED_EVERY / 2 ? { "x-doomed": "1" } : {};
      await (await fetch(worker.url + path, { headers })).arrayBuffer();
      await sleep(5);
    }
    // Others come later, as in life, and may find what was left behind.
    for (let at = 0; at < QUIET_MS / 1000; at += 1) {
      await (await fetch(`${worker.url}/later`)).arrayBuffer();
      await sleep(1000);
    }
    const received = sink.text();
    return paths.filter((path) => !received.includes(path)).length;
  } finally {
    await worker.stop();
    sink.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Nothing keeps a doomed request alive once it is answered. */
const doomed = (file) => `
  import worker from ${JSON.stringify(file)};
  const forgetful = { waitUntil() {}, passThroughOnException() {} };
  export default {
    fetch: (request, env, ctx) => worker.fetch(request, env, request.headers.has("x-doomed") ? forgetful : ctx),
  };`;

/** A word that no library takes for an id. */
const letters = (number) => `way-${String(number).replace(/\d/g, (digit) => "abcdefghij"[digit])}-end`;

async function startSink() {
  const bodies = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      bodies.push(request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body);
      response.end("{}");
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    text: () => Buffer.concat(bodies).toString("latin1"),
    stop: () => server.close().closeAllConnections(),
  };
}
