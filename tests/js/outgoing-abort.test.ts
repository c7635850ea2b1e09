import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { measure } from "../../js/adapters/fetch.ts";
import { memorySink } from "../../js/index.ts";
import { assertLaws, settle, simulated } from "./_engine.ts";

type Event = Record<string, unknown>;
type Fetch = typeof fetch;

let server: Server;
let url: string;

before(async () => {
  server = createServer(({ url: path }, response) => {
    if (path === "/broken") response.destroy();
    else if (path === "/fails") response.writeHead(503).end();
    else if (path !== "/silent") response.end("hi");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(() => {
  server.closeAllConnections();
  server.close();
});

/** The event of one call, in a request or alone, and what the caller saw. */
async function called(call: (fetch: Fetch) => Promise<unknown>, isAlone = false): Promise<[Event, unknown]> {
  const memory = memorySink();
  const { tide, host } = simulated({ sinks: [memory] }, "process");
  host.fetch = (input, init) => fetch(input as string, init as RequestInit);
  const request = new Request("https://example.com/a");
  const scope = isAlone ? tide : tide.scope(request);
  let seen: unknown;
  const work = () =>
    call(scope.fetch as Fetch).catch((error: unknown) => {
      seen = error;
    });
  await (isAlone ? work() : measure(tide, request, work));
  const flushed = tide.flush();
  await settle();
  await host.advance(100);
  await flushed;
  assertLaws(tide);
  const [event] = memory.events.filter(({ kind }) => kind === "FN") as unknown as Event[];
  return [event as Event, seen];
}

/** Aborts after a turn, or before the call. */
function aborting(reason?: unknown, ms = 20): AbortSignal {
  const controller = new AbortController();
  if (ms === 0) controller.abort(reason);
  else setTimeout(() => controller.abort(reason), ms).unref();
  return controller.signal;
}

const OWN: readonly (readonly [string, (fetch: Fetch) => Promise<unknown>])[] = [
  ["a signal in init", (fetch) => fetch(`${url}/silent`, { signal: aborting() })],
  ["a signal of the request", (fetch) => fetch(new Request(`${url}/silent`, { signal: aborting() }))],
  [
    "a signal beside a request",
    (fetch) => fetch(new Request(`${url}/silent`), { signal: aborting(), headers: { a: "b" } }),
  ],
  [
    "a reason of the caller's",
    (fetch) => fetch(`${url}/silent`, { signal: aborting(new RangeError("mine")) }),
  ],
  ["a reason that is a text", (fetch) => fetch(`${url}/silent`, { signal: aborting("enough") })],
  ["aborted before", (fetch) => fetch(`${url}/silent`, { signal: aborting(undefined, 0) })],
  [
    "any of two signals",
    (fetch) => fetch(`${url}/silent`, { signal: AbortSignal.any([aborting(), AbortSignal.timeout(9000)]) }),
  ],
  [
    "an init with inherited members",
    (fetch) => fetch(`${url}/silent`, Object.create({ signal: aborting() }) as RequestInit),
  ],
  [
    "a traceparent of the caller's",
    (fetch) => fetch(`${url}/silent`, { signal: aborting(), headers: { traceparent: "mine" } }),
  ],
];

for (const [name, call] of OWN) {
  test(`a call that its own caller aborts is no error: ${name}`, async () => {
    for (const isAlone of [false, true]) {
      const [{ error, attributes }, seen] = await called(call, isAlone);
      assert.ok(seen !== undefined, "the caller sees it");
      assert.equal(error, undefined);
      assert.equal((attributes as Event)["aborted"], true);
      assert.equal((attributes as Event)["server.address"], "127.0.0.1");
    }
  });
}

const FAILURES: readonly (readonly [string, string, (fetch: Fetch) => Promise<unknown>])[] = [
  ["a timeout", "TimeoutError", (fetch) => fetch(`${url}/silent`, { signal: AbortSignal.timeout(20) })],
  [
    "a timeout before an abort",
    "TimeoutError",
    (fetch) =>
      fetch(`${url}/silent`, {
        signal: AbortSignal.any([AbortSignal.timeout(20), aborting(undefined, 9000)]),
      }),
  ],
  [
    "a broken connection",
    "TypeError",
    (fetch) => fetch(`${url}/broken`, { signal: aborting(undefined, 500) }),
  ],
  [
    "an answer that is an error",
    "503",
    (fetch) => fetch(`${url}/fails`, { signal: aborting(undefined, 500) }),
  ],
  ["no signal", "TypeError", (fetch) => fetch(`${url}/broken`)],
  ["a signal that is none", "TypeError", (fetch) => fetch(`${url}/`, { signal: {} as AbortSignal })],
];

for (const [name, type, call] of FAILURES) {
  test(`any other failure of a call is an error: ${name}`, async () => {
    const [{ error, attributes }] = await called(call);
    assert.equal(error, type);
    assert.equal((attributes as Event | undefined)?.["aborted"], undefined);
  });
}

test("an abort after the answer changes nothing", async () => {
  const controller = new AbortController();
  const [{ error, attributes }] = await called(async (fetch) => {
    await fetch(`${url}/`, { signal: controller.signal });
    controller.abort();
  });
  assert.deepEqual([error, (attributes as Event)["aborted"]], [undefined, undefined]);
});
