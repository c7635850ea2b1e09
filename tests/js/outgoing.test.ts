import assert from "node:assert/strict";
import { test } from "node:test";
import { instrument } from "../../js/adapters/workers.ts";
import { memorySink } from "../../js/index.ts";
import type { CollectorOptions } from "../../js/types/index.ts";
import { assertLaws, settle, simulated, trapNext } from "./_engine.ts";

type Event = Record<string, unknown>;
interface Sent {
  readonly input: unknown;
  readonly init: RequestInit | undefined;
}

const PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

function setup(options: CollectorOptions = {}, answer: () => unknown = () => new Response("ok")) {
  const memory = memorySink();
  const { tide, host } = simulated({ ...options, sinks: [memory] }, "workers");
  const sent: Sent[] = [];
  host.fetch = (input, init) => {
    sent.push({ input, init: init as RequestInit | undefined });
    return answer();
  };
  const events = async (): Promise<Event[]> => {
    const flushed = tide.flush();
    await settle();
    await host.advance(100);
    await flushed;
    assertLaws(tide);
    return [...memory.events] as unknown as Event[];
  };
  /** Runs `work` within a request that came with `headers`. */
  const within = (work: (request: Request) => unknown, headers: Record<string, string> = {}, path = "/a") => {
    const fetch = async (request: Request, _env: object, _ctx: object) => {
      await work(request);
      return new Response("done");
    };
    const request = new Request(`https://example.com${path}`, { headers });
    return instrument(tide, { fetch }).fetch(request, {}, { waitUntil: () => {} });
  };
  const header = (at: number, name: string) => new Headers(sent[at]?.init?.headers).get(name);
  return { tide, host, sent, events, within, header };
}

test("a call is a child of its request, with the span that the callee received", async () => {
  const { tide, events, within, header } = setup();
  await within(
    (request) => tide.scope(request).fetch("https://user:pw@api.example.com:8443/orders/7?token=x"),
    {
      traceparent: PARENT,
      tracestate: "vendor=1,other=2",
    },
  );
  const [call, request] = await events();
  assert.equal(header(0, "traceparent"), `00-${request?.["trace_id"]}-${call?.["span_id"]}-01`);
  assert.equal(header(0, "tracestate"), "vendor=1,other=2");
  assert.equal(request?.["trace_id"], PARENT.slice(3, 35));
  assert.deepEqual([call?.["kind"], call?.["fn"]], ["FN", "GET api.example.com"]);
  assert.equal(call?.["parent_id"], request?.["span_id"]);
  assert.deepEqual(call?.["attributes"], {
    "http.request.method": "GET",
    "server.address": "api.example.com",
    "server.port": 8443,
    "url.full": "https://api.example.com:8443/orders/7",
    "http.response.status_code": 200,
  });
});

test("outside a request it is a trace of its own", async () => {
  const { tide, events, header } = setup();
  await tide.fetch("https://example.com/");
  const [call] = await events();
  assert.equal(header(0, "traceparent"), `00-${call?.["trace_id"]}-${call?.["span_id"]}-03`);
  assert.equal(call?.["parent_id"], undefined);
});

test("vendors' state goes along with the trace it belongs to only, and unchanged or not at all", async () => {
  const { tide, within, header } = setup();
  const call = (request: Request) => tide.scope(request).fetch("https://example.com/");
  await within(call, { traceparent: "nonsense", tracestate: "a=1" });
  await within(call, { tracestate: "a=1" });
  await within(call, { traceparent: PARENT, tracestate: "UPPER=1" });
  await within(call, { traceparent: PARENT, tracestate: " a=1 , b=2" });
  assert.deepEqual(
    [0, 1, 2, 3].map((at) => header(at, "tracestate")),
    [null, null, null, "a=1 , b=2"],
  );
});

test("an unsampled request says so, an excluded one says nothing", async () => {
  const { tide, within, header, sent, events } = setup({ sampling: { rate: 0, exclude: ["/health"] } });
  const call = (request: Request) => tide.scope(request).fetch("https://example.com/", { method: "POST" });
  await within(call);
  await within(call, { traceparent: PARENT }, "/health");
  assert.match(String(header(0, "traceparent")), /-02$/);
  assert.deepEqual(sent[1]?.init, { method: "POST" });
  assert.deepEqual(await events(), []);
});

test("what the caller gave is passed on and never changed", async () => {
  const { tide, sent, header } = setup();
  const headers = new Headers({ "x-own": "1" });
  const init = { method: "PUT", headers, body: "text", redirect: "manual" as const };
  await tide.fetch("https://example.com/", init);
  assert.deepEqual([...headers], [["x-own", "1"]]);
  assert.equal(init.headers, headers);
  assert.deepEqual({ ...sent[0]?.init, headers: undefined }, { ...init, headers: undefined });
  assert.equal(header(0, "x-own"), "1");

  const request = new Request("https://example.com/", {
    method: "POST",
    body: "x",
    headers: { "x-request": "2" },
  });
  await tide.fetch(request);
  assert.equal(sent[1]?.input, request);
  assert.equal(header(1, "x-request"), "2");
  assert.equal(request.headers.get("traceparent"), null);
  assert.equal(request.bodyUsed, false);

  await tide.fetch("https://example.com/", { headers: { traceparent: PARENT } });
  assert.deepEqual(sent[2]?.init, { headers: { traceparent: PARENT } });
});

test("an answer from 400 on and a throw are errors; both come out as they are", async () => {
  const answers: (() => unknown)[] = [
    () => new Response(null, { status: 404 }),
    () => Promise.reject(new RangeError("x")),
    () => {
      throw new TypeError("at once");
    },
    () => "no response at all",
  ];
  const { tide, events } = setup({}, () => answers.shift()?.());
  assert.equal(((await tide.fetch("https://example.com/")) as Response).status, 404);
  await assert.rejects(async () => tide.fetch("https://example.com/"), RangeError);
  assert.throws(() => tide.fetch("https://example.com/"), TypeError);
  assert.equal(await tide.fetch("https://example.com/"), "no response at all");
  assert.deepEqual(
    (await events()).map(({ error }) => error),
    ["404", "RangeError", "TypeError", undefined],
  );
});

test("what cannot be described is sent once, as it is", async () => {
  const { tide, sent, events } = setup();
  const hostile = Object.defineProperty({}, "url", {
    get() {
      throw new Error("hostile");
    },
  });
  await tide.fetch(hostile as never);
  await tide.fetch("/path/of/a/page");
  await tide.fetch(new URL("https://example.com/x"));
  assert.equal(sent[0]?.input, hostile);
  assert.equal(sent.length, 3);
  assert.deepEqual(
    (await events()).map(({ fn }) => fn),
    ["fetch", "GET self", "GET example.com"],
  );
});

test("a call from a request whose engine is gone stands alone", async () => {
  const { tide, events, within, header } = setup();
  await within(async (request) => {
    trapNext("engine_tick");
    tide.tick();
    await tide.scope(request).fetch("https://example.com/");
  });
  await events();
  assert.match(String(header(0, "traceparent")), /^00-/);
});

test("a call after the close is sent as it is: no event would have its span", async () => {
  const { tide, sent, within } = setup();
  const init = { method: "POST", body: "b" };
  await within(async (request) => {
    await tide.close();
    await tide.scope(request).fetch("https://example.com/", init);
  });
  await tide.fetch("https://example.com/", init);
  assert.deepEqual(
    sent.map((call) => call.init),
    [init, init],
  );
  assertLaws(tide);
});
