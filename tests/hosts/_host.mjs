// What the tests of each host share: a collector that keeps its events, a server on loopback, one table of traffic.
import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { createCollector, memorySink } from "../../pkg/dist/inline.js";
import { brokenLaws, isDrained } from "../../tools/laws.mjs";
import { until } from "../../tools/receiver.mjs";

/** A collector, and what it has recorded once `count` requests are over; it checks both laws. */
export function recorder(options = {}) {
  const memory = memorySink();
  const tide = createCollector({ handleSignals: false, ...options, sinks: [memory] });
  const events = async (count) => {
    await until(() => tide.stats().count >= count, 10_000, `${count} requests`);
    await tide.flush();
    const counters = tide.counters();
    assert.deepEqual(brokenLaws(counters), []);
    assert.ok(isDrained(counters), JSON.stringify(counters));
    assert.equal(tide.stats().count, count, "exactly one REQ a request");
    return memory.events;
  };
  return { tide, events };
}

/** `[method, route, status, error]` of each request, in the order of their ends. */
export const told = (events) =>
  events
    .filter(({ kind }) => kind === "REQ")
    .map(({ method, route, status, error }) => [method, route, status, error].filter((x) => x !== undefined));

/** Listens on loopback for as long as `work` runs. */
export async function serving(server, work) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    return await work(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** One request: `"GET /a"`; its status and text. */
export async function call(base, what, init = {}) {
  const [method, path] = what.split(" ");
  const response = await fetch(base + path, { method, ...init });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** A client that leaves: at once when `ready` resolves, or after the first bytes of the answer. */
export async function abandon(base, path, ready) {
  const client = request(base + path);
  client.on("error", () => {});
  client.end();
  if (ready === undefined) {
    const [response] = await once(client, "response");
    response.on("error", () => {});
    await once(response, "data");
  } else await ready;
  client.destroy();
}

/** Many requests at once, each with children: none may be another's. `call` answers with the request's number. */
export async function checkContext({ tide, events }, send, count = 40) {
  const answers = await Promise.all(Array.from({ length: count }, (_, at) => send(at)));
  assert.deepEqual(answers.map(Number), [...answers.keys()]);
  const found = await events(count);
  const requests = found.filter(({ kind }) => kind === "REQ");
  assert.equal(found.length, requests.length * 3);
  for (const { span_id, trace_id, route, attributes } of requests) {
    const children = found.filter((event) => event.parent_id === span_id);
    const number = route.split("/").at(-1);
    assert.deepEqual(children.map(({ fn, name }) => fn ?? name).sort(), [`evt-n${number}`, `fn-n${number}`]);
    assert.ok(children.every((child) => child.trace_id === trace_id));
    assert.equal(attributes?.number ?? Number(number), Number(number));
  }
  assert.equal(tide.counters().refused, 0);
}

/** The work of one request in `checkContext`: it gives way often, so that others come between. */
export async function interleaved(tide, number) {
  await tide.time(`fn-n${number}`, async () => {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setTimeout(resolve, turn));
  });
  tide.evt(`evt-n${number}`);
  return String(number);
}
