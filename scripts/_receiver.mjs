// A local NDJSON receiver: real HTTP on loopback, appends what it takes to a file, and misbehaves on request.

import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { createServer } from "node:http";
import { gunzipSync } from "node:zlib";

/**
 * Starts a receiver.
 * @param {object} [options]
 * @param {string} [options.file] where the distinct lines go; default: nowhere
 * @param {number} [options.fail] answer 500 to this many posts first, and keep nothing of them
 * @param {number} [options.hang] then leave this many posts unanswered; their events are kept, so the repeats are duplicates
 * @param {number} [options.delayMs] answer this late
 */
export async function startReceiver({ file, fail = 0, hang = 0, delayMs = 0 } = {}) {
  const store = createStore(file);
  const stats = { posts: 0, failed: 0, hung: 0, answered: 0, abandoned: 0 };
  const receiver = { fail, hang, delayMs };

  const server = createServer(async (request, response) => {
    stats.posts += 1;
    response.on("close", () => {
      if (!response.writableFinished) stats.abandoned += 1;
    });
    const body = await readBody(request).catch(() => null);
    if (body === null) return;
    if (receiver.fail > 0) {
      receiver.fail -= 1;
      stats.failed += 1;
      return answer(response, 500);
    }
    store.take(request.headers["idempotency-key"], body);
    if (receiver.hang > 0) {
      receiver.hang -= 1;
      stats.hung += 1;
      return;
    }
    if (receiver.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, receiver.delayMs));
    stats.answered += 1;
    answer(response, 200);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    url: `http://127.0.0.1:${server.address().port}/events`,
    stats,
    store,
    /** Changes how the next posts are treated: { fail, hang, delayMs }. */
    behave: (how) => Object.assign(receiver, how),
    /** Resolves when `posts` posts have begun. */
    async posted(posts, timeoutMs = 20_000) {
      await until(() => stats.posts >= posts, timeoutMs, `${posts} posts`);
    },
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What arrived: distinct events, repeats dropped by Idempotency-Key as a careful receiver does it. */
function createStore(file) {
  const batches = new Map();
  const store = { events: [], metas: [], duplicates: 0, changedRepeats: 0, unkeyed: 0 };
  store.take = (key, body) => {
    const lines = body.split("\n").filter(Boolean);
    const events = lines.filter((line) => JSON.parse(line).kind !== "META");
    const content = events.join("\n");
    if (key === undefined) store.unkeyed += 1;
    else if (batches.has(key)) {
      store.duplicates += 1;
      // The same id must mean the same events, or dropping the repeat loses something.
      if (batches.get(key) !== content) store.changedRepeats += 1;
      return;
    } else batches.set(key, content);
    for (const line of lines) {
      const value = JSON.parse(line);
      (value.kind === "META" ? store.metas : store.events).push(value);
    }
    if (file) appendFileSync(file, body.endsWith("\n") ? body : `${body}\n`);
  };
  /** Events that came under two different ids: a receiver could not have told that they are the same. */
  store.repeatedEvents = () => {
    const spans = store.events.map((event) => event.span_id).filter(Boolean);
    return spans.length - new Set(spans).size;
  };
  return store;
}

async function readBody(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  return (request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes).toString("utf8");
}

function answer(response, status) {
  response.writeHead(status, { "content-type": "text/plain" });
  response.end(status === 200 ? "ok\n" : "not now\n");
}

/** Polls `condition` (sync or async) until it holds; throws after `timeoutMs`. */
export async function until(condition, timeoutMs, what) {
  const end = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A loopback port that was free a moment ago. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
