import assert from "node:assert/strict";
import { test } from "node:test";
import { analyticsEngine, consoleSink, memorySink, queueSink } from "../../../js/index.ts";
import type { AnalyticsPoint, NdjsonEvent, QueueMessage } from "../../../js/types/index.ts";
import { assertLaws, simulated } from "../_engine.ts";
import { info, request } from "../_sinks.ts";

function dataset(failFrom = Number.POSITIVE_INFINITY) {
  const points: AnalyticsPoint[] = [];
  const writeDataPoint = (point: AnalyticsPoint) => {
    if (points.length >= failFrom) throw new Error("over the limit");
    points.push(point);
  };
  return { points, env: { AE: { writeDataPoint } } };
}

test("analytics engine: events are added up by route and status class", () => {
  const { points, env } = dataset();
  const events = [
    request("/a", { dur_ms: 10, p: 0.5 }),
    request("/a", { status: 201, dur_ms: 30 }),
    request("/a", { status: 500 }),
    { ...request("x"), kind: "FN", fn: "resize", error: "TypeError" } as NdjsonEvent,
  ];
  assert.equal(analyticsEngine({ binding: "AE" }).send(events, info({ env })), "ok");
  assert.deepEqual(points, [
    { indexes: ["/a"], blobs: ["REQ", "/a", "2xx"], doubles: [2, 3, 0, 2, 40, 30] },
    { indexes: ["/a"], blobs: ["REQ", "/a", "5xx"], doubles: [1, 1, 1, 0, 0, 0] },
    { indexes: ["resize"], blobs: ["FN", "resize", "error"], doubles: [1, 1, 1, 0, 0, 0] },
  ]);
});

test("analytics engine: at most 250 points, whose counts are all there, within the limits of a point", () => {
  const { points, env } = dataset();
  const long = "/é".repeat(2000);
  const events = Array.from({ length: 700 }, (_, at) => request(`${long}${at % 347}/${at % 347}`));
  events.push(...Array.from({ length: 9 }, () => request(long)));
  const { length } = events;
  analyticsEngine({ binding: (given: typeof env) => given.AE }).send(events, info({ env }));
  assert.equal(points.length, 250);
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  for (const { indexes, blobs, doubles } of points) {
    assert.ok(bytes(indexes[0]) <= 96 && !indexes[0].includes("\ufffd"));
    assert.ok(blobs.length <= 20 && doubles.length <= 20);
    assert.ok(blobs.reduce((sum, blob) => sum + bytes(blob), 0) <= 16_000);
  }
  assert.equal(
    points.reduce((sum, { doubles }) => sum + doubles[0]!, 0),
    length,
  );
  assert.equal(points[0]!.doubles[0], 9);
  assert.equal(points.at(-1)!.blobs[0], "_OTHER");
});

test("analytics engine: up to 250 names have a point of their own", () => {
  for (const names of [1, 21, 100, 249, 250, 251]) {
    const { points, env } = dataset();
    const events = Array.from({ length: names }, (_, at) => request(`/${at}`));
    analyticsEngine({ binding: "AE" }).send(events, info({ env }));
    assert.equal(points.length, Math.min(names, 250));
    assert.equal(
      points.some(({ blobs }) => blobs[0] === "_OTHER"),
      names > 250,
    );
  }
});

test("analytics engine: each point names the service and its version", () => {
  for (const [event, wanted] of [
    [{ service: "shop", version: "1.2.3" }, ["shop", "1.2.3"]],
    [{ service: "shop" }, ["shop", ""]],
    [{ version: "1" }, ["", "1"]],
    [{}, []],
    [{ service: "é".repeat(2000) }, ["é".repeat(512), ""]],
  ] as const) {
    const { points, env } = dataset();
    analyticsEngine({ binding: "AE" }).send([request("/a", event), request("/b", event)], info({ env }));
    for (const { blobs } of points) assert.deepEqual(blobs.slice(3), wanted);
  }
});

test("analytics engine: what fails after the first point is rejected, not written twice", () => {
  const events = [request("/a"), request("/a"), request("/b"), request("/c")];
  const sink = analyticsEngine({ binding: "AE" });
  assert.deepEqual(sink.send(events, info({ env: dataset(1).env })), { ok: true, rejected: 2 });
  assert.throws(() => sink.send(events, info({ env: dataset(0).env })), /over the limit/);
  assert.throws(() => sink.send(events, info()), /binding "AE" has no writeDataPoint/);
});

test("analytics engine: metrics of the program, one point for each attribute set", async () => {
  const { points, env } = dataset();
  const sinks = analyticsEngine({ binding: "AE", metrics: true });
  const { tide } = simulated({ sinks: [sinks], service: { name: "shop", version: "1.2.3" } });
  tide.configure(env);
  const orders = tide.counter("orders", { unit: "{order}" });
  for (let n = 0; n < 3; n += 1) orders.add(2, { plan: "pro", paid: true });
  tide.gauge("queue.depth").record(17);
  for (const size of [1, 2, 6]) tide.histogram("size", { unit: "By" }).record(size);
  tide.req("/a", "GET", 200, 1_700_000_000_000, 5);
  await tide.flush();
  const shop = ["shop", "1.2.3"];
  assert.deepEqual(points, [
    { indexes: ["/a"], blobs: ["REQ", "/a", "2xx", ...shop], doubles: [1, 1, 0, 1, 5, 5] },
    {
      indexes: ["orders"],
      blobs: ["COUNTER", "orders", "{order}", ...shop, "paid=true", "plan=pro"],
      doubles: [6],
    },
    { indexes: ["queue.depth"], blobs: ["GAUGE", "queue.depth", "", ...shop], doubles: [17] },
    { indexes: ["size"], blobs: ["HISTOGRAM", "size", "By", ...shop], doubles: [3, 9, 1, 6] },
  ]);
  orders.add(1, { plan: "pro", paid: true });
  await tide.flush();
  assert.deepEqual(points.at(-1)!.doubles, [1], "since the last point");
  assertLaws(tide);
});

test("analytics engine: no batch of metrics has more points than its share, and none is lost", async () => {
  const writes: AnalyticsPoint[][] = [];
  const [events, metrics] = analyticsEngine({ binding: "AE", metrics: true });
  const spied = {
    ...metrics!,
    send(bytes: Uint8Array, given: never) {
      const { points, env } = dataset();
      const answer = (metrics as unknown as { send(...given: unknown[]): unknown }).send(bytes, {
        ...(given as object),
        env,
      });
      if (answer !== "too-large") writes.push(points);
      return answer;
    },
  };
  const { tide } = simulated({ sinks: [events!, spied as never] });
  for (let user = 0; user < 600; user += 1) tide.counter("orders").add(1, { user });
  await tide.flush();
  assert.ok(writes.length > 3 && writes.every((points) => points.length <= 125));
  assert.equal(
    writes.flat().reduce((sum, { doubles }) => sum + doubles[0]!, 0),
    600,
  );
  assert.ok(writes.flat().some(({ blobs }) => blobs[5] === "otel.metric.overflow=true"));
  assertLaws(tide);
});

function queue(failures: unknown[] = []) {
  const calls: { body: QueueMessage; contentType: string }[][] = [];
  const sendBatch = async (messages: { body: QueueMessage; contentType: string }[]) => {
    const failure = failures.shift();
    if (failure !== undefined && failure !== null) throw failure;
    calls.push(messages);
  };
  return { calls, env: { Q: { sendBatch } } };
}

test("queue: a batch is one message while it fits, in order, with the batch's id", async () => {
  const { calls, env } = queue();
  const events = [request("/a"), request("/b")];
  assert.deepEqual(await queueSink({ binding: "Q" }).send(events, info({ env })), { ok: true, rejected: 0 });
  assert.deepEqual(calls, [[{ body: { batchId: info().batchId, part: 0, events }, contentType: "json" }]]);
});

test("queue: messages and calls stay within their limits, and nothing is lost", async () => {
  const { calls, env } = queue();
  const events = Array.from({ length: 256 }, (_, at) =>
    request(`/${at}`, { attributes: { text: "é".repeat(2000) } }),
  );
  await queueSink({ binding: "Q" }).send(events, info({ env }));
  const size = (value: unknown) => new TextEncoder().encode(JSON.stringify(value)).length;
  assert.ok(calls.length > 1);
  for (const call of calls) {
    assert.ok(call.length <= 100);
    for (const { body } of call) assert.ok(size(body) + 100 <= 128_000);
    assert.ok(call.reduce((sum, { body }) => sum + size(body) + 100, 0) <= 256_000);
  }
  const parts = calls.flat().map(({ body }) => body);
  assert.deepEqual(
    parts.map(({ part }) => part),
    parts.map((_, at) => at),
  );
  assert.deepEqual(
    parts.flatMap((body) => body.events),
    events,
  );
});

test("queue: errors are tried again, too large is halved, and an event that fits nowhere is rejected", async () => {
  const sink = queueSink({ binding: "Q" });
  const big = Array.from({ length: 200 }, () => request("/a", { attributes: { text: "x".repeat(4000) } }));
  const send = async (events: NdjsonEvent[], failures: unknown[]) => sink.send(events, info(queue(failures)));
  await assert.rejects(send([request("/a")], [new Error("Too Many Requests")]), /Too Many/);
  assert.equal(await send([request("/a")], [new Error("message exceeds maximum size")]), "too-large");
  const partly = (await send(big, [null, new Error("Payload Too Large (413)")])) as { rejected: number };
  assert.ok(partly.rejected > 0 && partly.rejected < big.length);
  const huge = request("/a", { attributes: { text: "x".repeat(130_000) } });
  assert.deepEqual(await send([huge, request("/b")], []), { ok: true, rejected: 1 });
});

test("sinks for bindings refuse options without one", () => {
  for (const make of [() => analyticsEngine({} as never), () => queueSink(undefined as never)]) {
    assert.throws(() => simulated({ sinks: [make()] }), /: binding must be/);
  }
});

test("a sink of format events is given objects, without the counters' line", async (t) => {
  const memory = memorySink();
  const given: unknown[] = [];
  const custom = {
    name: "custom",
    format: "events" as const,
    send: (events: unknown) => void given.push(events),
  };
  const lines = t.mock.method(console, "log", () => {});
  const { tide } = simulated({ sinks: [memory, custom, consoleSink()] });
  tide.evt("a", { size: 1 });
  tide.fn("b", 1_700_000_000_000, 5);
  await tide.flush();
  lines.mock.restore();
  assert.deepEqual(
    memory.events.map(({ kind }) => kind),
    ["EVT", "FN"],
  );
  assert.deepEqual(given, [memory.events]);
  assert.deepEqual(
    lines.mock.calls.map((call) => JSON.parse(String(call.arguments[0]))),
    memory.events.map((event) => ({ severity: "info", ...event })),
  );
  assertLaws(tide);
});

test("a leader that has sent to a sink once per invocation leads no further", async () => {
  const sends: string[] = [];
  const sink = (name: string, oncePerInvocation: boolean) => ({
    name,
    format: "events" as const,
    oncePerInvocation,
    send: () => void sends.push(name),
  });
  const { tide, host } = simulated(
    { sinks: [sink("once", true), sink("often", false)], batchMax: 2 },
    "workers",
  );
  const { instrument } = await import("../../../js/adapters/workers.ts");
  const work: Promise<unknown>[] = [];
  const ctx = { waitUntil: (promise: Promise<unknown>) => void work.push(promise) };
  const fetch = (_request: Request, _env: unknown, _ctx: unknown) => new Response("hi");
  const app = instrument(tide, { fetch });
  const call = () => app.fetch(new Request("https://x/"), {}, ctx);
  tide.configure({});
  for (let count = 0; count < 7; count += 1) call();
  await host.advance(2000);
  assert.deepEqual(sends, ["once", "often"], "each due sink once, then the leader left");
  call();
  await host.advance(2000);
  assert.deepEqual(sends, ["once", "often", "once", "often"]);
  assertLaws(tide);
});
