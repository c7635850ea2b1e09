// One example: requests that continue a trace, and what must come of them.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { keepRow } from "../../tools/matrix.mjs";
import { startReceiver, until } from "../../tools/receiver.mjs";
import { install, runProgram, startProgram } from "./_project.mjs";

/**
 * Installs, builds and starts the example `name`, and plays its requests. Exactly one REQ comes of each, with its route and
 * status, in the trace of the caller; received = accepted; nothing is printed.
 * @param {string} title
 * @param {string} name the folder in examples
 * @param {object} host
 * @param {string[][]} [host.build] programs to run before
 * @param {(port: string, url: string) => string[]} [host.start] the server, given the address of the sink; default: `wrangler dev` in the folder `host.wrangler`
 * @param {string} [host.wrangler] for `wrangler dev`: its folder, from that of the example
 * @param {string[]} [host.flags] for `wrangler dev`
 * @param {[what: string, status: number, route: string][]} host.requests the status is the client's and the event's
 * @param {typeof byFetch} [host.send] one request, where `fetch` cannot; its status
 * @param {RegExp} [host.prints] lines that the framework itself prints for a request
 * @param {(world: object) => Promise<void>} [host.then] what else must hold
 */
export function hostTest(title, name, host) {
  test(title, { timeout: 300_000 }, async () => {
    const row = { install: null, build: null, requests: null };
    const timed = async (step, work) => {
      const started = Date.now();
      const result = await work();
      row[step] = Date.now() - started;
      return result;
    };
    const receiver = await startReceiver();
    let server;
    try {
      const folder = await timed("install", () => install(name));
      await timed("build", () => build(folder, host));
      server = await start(folder, host, receiver);
      await timed("requests", () => playRequests(host, { folder, server, receiver }));
    } finally {
      keepRow(title, row, "frameworks");
      server?.stop();
      await receiver.stop();
    }
  });
}

async function build(folder, { build = [], env = {} }) {
  for (const program of build) await runProgram(folder, program, env);
}

function start(folder, { start, wrangler = ".", flags = [], env = {} }, { url }) {
  const given =
    start ?? ((port) => ["wrangler", "dev", ...wranglerFlags(port), "--var", `EVENTS_URL:${url}`, ...flags]);
  return startProgram(join(folder, wrangler), (port) => given(port, url), { ...env, EVENTS_URL: url });
}

/** Of `wrangler dev` and `wrangler pages dev`. */
export function wranglerFlags(port) {
  const flags = ["--ip", "127.0.0.1", "--port", port, "--inspector-port", "0", "--log-level", "warn"];
  return [...flags, "--show-interactive-dev-session", "false"];
}

async function playRequests(host, world) {
  const { server, receiver } = world;
  const before = server.log.length;
  const sent = [];
  for (const request of host.requests) sent.push(await ask(server.url, request, host.send ?? byFetch));
  for (const { what, status, got } of sent) assert.equal(got, status, `${what}\n${server.log}`);
  const { store } = receiver;
  const of = ({ trace }) => store.events.filter(({ kind, trace_id }) => kind === "REQ" && trace_id === trace);
  const missing = () => sent.filter((request) => of(request).length === 0).map(({ what }) => what);
  await until(() => missing().length === 0, 20_000, "the events").catch(() => {
    assert.deepEqual(missing(), [], `these requests have no event\n${server.log}`);
  });
  await host.then?.(world);
  for (const request of sent) {
    const told = of(request).map(({ method, route, status, parent_id }) => [
      method,
      route,
      status,
      parent_id,
    ]);
    const { method, route, status, span } = request;
    assert.deepEqual(told, [[method, route, status, span]], request.what);
  }
  await until(() => accepted(store) === store.events.length, 10_000, "as many events as were accepted").catch(
    () => assert.equal(store.events.length, accepted(store), "received is not accepted"),
  );
  assert.equal(store.repeatedEvents(), 0);
  assert.deepEqual(printed(server.log.slice(before), host.prints), []);
  assert.doesNotMatch(server.log, /tidegate: /);
}

/** Each request has a trace of its own. */
async function ask(base, [what, status, route], send) {
  const [method, path] = what.split(" ");
  const trace = randomBytes(16).toString("hex");
  const span = randomBytes(8).toString("hex");
  const got = await send(base, method, path, { traceparent: `00-${trace}-${span}-01` });
  return { what, method, route, status, got, trace, span };
}

/** As most requests are sent. */
export async function byFetch(base, method, path, headers) {
  const response = await fetch(base + path, { method, headers, redirect: "manual" });
  await response.arrayBuffer();
  return response.status;
}

/** As the last batch of each isolate says. */
function accepted({ metas }) {
  const last = new Map();
  for (const { isolate, seq, counters } of metas) {
    if (!(last.get(isolate)?.seq > seq)) last.set(isolate, { seq, accepted: counters.accepted });
  }
  return [...last.values()].reduce((sum, meta) => sum + meta.accepted, 0);
}

function printed(log, allowed = /^$/) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
  const lines = log.replace(/\x1b\[[0-9;]*m/g, "").split("\n");
  return lines.filter((line) => line.trim() !== "" && !allowed.test(line));
}
