// A local receiver of NDJSON and OTLP: real HTTP on loopback, appends what it takes to a file, misbehaves on request.

import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { createServer } from "node:http";
import { gunzipSync } from "node:zlib";
import { decodeExport, eventOf, itemsOf, signalOf } from "./otlp.mjs";

/**
 * Starts a receiver.
 * @param {object} [options]
 * Posts to a path that ends in /v1/traces or /v1/logs are OTLP, decoded by the official definitions; all else is NDJSON.
 * @param {string} [options.file] where the distinct lines go; default: nowhere
 * @param {number} [options.fail] answer 500 (to OTLP 503) to this many posts first, and keep nothing of them
 * @param {number} [options.failShare] refuse this share of the posts, in turn by 503, by 429 and by a broken connection
 * @param {number} [options.hang] then leave this many posts unanswered; their events are kept, so the repeats are duplicates
 * @param {number} [options.delayMs] answer this late
 */
export async function startReceiver({ file, fail = 0, failShare = 0, hang = 0, delayMs = 0 } = {}) {
  const store = createStore(file);
  const stats = { posts: 0, failed: 0, hung: 0, answered: 0, abandoned: 0, malformed: 0, gzipped: 0 };
  const receiver = { fail, failShare, hang, delayMs };

  const server = createServer(async (request, response) => {
    stats.posts += 1;
    response.on("close", () => {
      if (!response.writableFinished) stats.abandoned += 1;
    });
    const body = await readBody(request).catch(() => null);
    if (body === null) return;
    if (request.headers["content-encoding"] === "gzip") stats.gzipped += 1;
    if (receiver.fail > 0) {
      receiver.fail -= 1;
      stats.failed += 1;
      // What each format tries again.
      return answer(response, signalOf(request.url) === undefined ? 500 : 503);
    }
    if (Math.random() < receiver.failShare) {
      stats.failed += 1;
      if (stats.failed % 3 === 0) return request.socket.destroy();
      return answer(response, stats.failed % 3 === 1 ? 503 : 429);
    }
    try {
      store.take(request.headers["idempotency-key"], linesOf(request, body));
    } catch (error) {
      stats.malformed += 1;
      console.error(`receiver: ${error.message}`);
      return answer(response, 400);
    }
    if (receiver.hang > 0) {
      receiver.hang -= 1;
      stats.hung += 1;
      return;
    }
    if (receiver.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, receiver.delayMs));
    stats.answered += 1;
    answer(response, 200, signalOf(request.url) && request.headers["content-type"]);
  });
  // An idle connection that the server closes as the next post begins would break that post.
  server.keepAliveTimeout = 120_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const base = `http://127.0.0.1:${server.address().port}`;
  return {
    base,
    url: `${base}/events`,
    stats,
    store,
    /** Changes how the next posts are treated: { fail, failShare, hang, delayMs }. */
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
  store.take = (key, lines) => {
    const values = lines.map((line) => JSON.parse(line));
    const content = lines.filter((_, at) => values[at].kind !== "META").join("\n");
    if (key === undefined) store.unkeyed += 1;
    else if (batches.has(key)) {
      store.duplicates += 1;
      // The same id must mean the same events, or dropping the repeat loses something.
      if (batches.get(key) !== content) store.changedRepeats += 1;
      return;
    } else batches.set(key, content);
    for (const value of values) (value.kind === "META" ? store.metas : store.events).push(value);
    if (file) appendFileSync(file, `${lines.join("\n")}\n`);
  };
  /** Events that came under two different ids: a receiver could not have told that they are the same. */
  store.repeatedEvents = () => {
    const spans = store.events.map((event) => event.span_id).filter(Boolean);
    return spans.length - new Set(spans).size;
  };
  return store;
}

/** A body as one line an event. */
function linesOf({ url, headers }, bytes) {
  const signal = signalOf(url);
  if (signal === undefined) return bytes.toString("utf8").split("\n").filter(Boolean);
  const request = decodeExport(signal, headers["content-type"], bytes);
  return itemsOf(signal, request).map((item) => JSON.stringify({ ...eventOf(item), otlp: item }));
}

async function readBody(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  return request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes;
}

/** `otlp`: the type of an export, whose answer is an empty message of that type. */
function answer(response, status, otlp) {
  response.writeHead(status, { "content-type": otlp ?? "text/plain" });
  const ok = otlp === undefined ? "ok\n" : /json/.test(otlp) ? "{}" : "";
  response.end(status === 200 ? ok : "no\n");
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
