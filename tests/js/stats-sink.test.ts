// A custom sink of the format "stats": what it is pushed, when, and that nothing is lost or sent twice.
import assert from "node:assert/strict";
import { test } from "node:test";
import { otlp } from "../../js/index.ts";
import { StatsStore } from "../../js/stats.ts";
import type { CollectorOptions, Counters, SendInfo, SendOutcome, Sink } from "../../js/types/index.ts";
import { assertLaws, simulated, trapNext } from "./_engine.ts";

interface Push {
  readonly batchId: string;
  readonly count: number;
  readonly bytes: string;
  readonly head: {
    readonly isolate: string;
    readonly seq: number;
    readonly from: number;
    readonly to: number;
    readonly counters: Counters;
    readonly exceptions: readonly { readonly message: string; readonly route: string }[];
  };
  readonly metrics: {
    readonly resourceMetrics: readonly { scopeMetrics: readonly { metrics: object[] }[] }[];
  };
  readonly statistics: Uint8Array;
}

function parse(bytes: Uint8Array, { batchId, count }: SendInfo): Push {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const json = (at: number, length: number) =>
    JSON.parse(new TextDecoder().decode(bytes.subarray(at, at + length)));
  const head = view.getUint32(0, true);
  const metrics = view.getUint32(4 + head, true);
  return {
    batchId,
    count,
    bytes: Buffer.from(bytes).toString("base64"),
    head: json(4, head),
    metrics: json(8 + head, metrics),
    statistics: bytes.slice(8 + head + metrics),
  };
}

function setup(
  answer: () => SendOutcome = () => "ok",
  options: CollectorOptions = {},
  more: Partial<Sink> = {},
) {
  const pushes: Push[] = [];
  const hub = {
    name: "hub",
    format: "stats",
    send(bytes: Uint8Array, info: SendInfo) {
      pushes.push(parse(bytes, info));
      return answer();
    },
    ...more,
  } as Sink;
  const made = simulated({ ...options, sinks: [hub] });
  const merged = (nowMs = made.host.nowMs) => {
    const store = new StatsStore();
    for (const { statistics } of new Map(pushes.map((push) => [push.batchId, push])).values())
      store.merge(statistics);
    return store.snapshot(nowMs);
  };
  return { ...made, pushes, merged };
}

const INTERVAL_MS = 5000;

test("a push is cut every five seconds, if there is something, and has what was recorded since the last", async () => {
  const { tide, host, pushes, merged } = setup(undefined, {
    sampling: { rate: 0 },
    service: { name: "shop" },
  });
  const orders = tide.counter("orders");
  await host.advance(60_000);
  assert.equal(pushes.length, 0);
  tide.req("/a", "GET", 200, host.nowMs - 10, 10);
  tide.req("/b", "GET", 500, host.nowMs - 30_000, 20);
  tide.fn("work", host.nowMs);
  tide.evt("cart.opened");
  tide.recordException(new Error("it broke"));
  orders.add(3);
  await host.advance(INTERVAL_MS - 1);
  assert.equal(pushes.length, 0);
  await host.advance(1);
  assert.equal(pushes.length, 1);
  tide.req("/a", "GET", 200, host.nowMs, 30);
  orders.add(4);
  await host.advance(INTERVAL_MS);
  const [first, second] = pushes as [Push, Push];
  assert.deepEqual([first.count, second.count, pushes.length], [5, 2, 2]);
  assert.deepEqual([first.head.seq, second.head.seq, second.head.from], [1, 2, first.head.to]);
  assert.deepEqual(
    first.head.exceptions.map(({ message }) => message),
    ["it broke"],
  );
  assert.deepEqual(second.head.exceptions, []);
  const names = first.metrics.resourceMetrics[0]?.scopeMetrics[0]?.metrics.map(
    (metric) => (metric as { name: string }).name,
  );
  assert.deepEqual(names, ["http.server.request.duration", "orders"]);
  // Exactly what the collector shows, though it was pushed in parts.
  assert.deepEqual(merged(), tide.stats());
  const { sinks } = assertLaws(tide);
  assert.deepEqual([sinks[0]?.accepted, sinks[0]?.delivered], [7, 7]);
  assert.equal(host.timers, 0, "nothing waits");
});

test("the counters of a push are those at its cut, in the shape of `counters`", async () => {
  const { tide, host, pushes } = setup();
  tide.req("/a", "GET", 200, host.nowMs, 1);
  await tide.flush();
  tide.req("/a", "GET", 200, host.nowMs, 1);
  await tide.flush();
  const { refusedBy, ...counters } = (pushes[1] as Push).head.counters;
  const now = tide.counters();
  const { unconfigured: _unconfigured, core: _core, ...ofEngine } = now.refusedBy;
  assert.deepEqual(refusedBy, ofEngine);
  const [sink] = now.sinks;
  const atCut = { ...now, sinks: [{ ...sink, delivered: 1, inFlight: 1 }] };
  assert.deepEqual({ ...counters, refusedBy: now.refusedBy }, atCut);
});

test("a push that failed comes again to the byte, while the next one is filled", async () => {
  const answers: SendOutcome[] = ["retry", "retry", "ok", "ok"];
  const { tide, host, pushes, merged } = setup(() => answers.shift());
  tide.req("/a", "GET", 200, host.nowMs, 1);
  tide.recordException(new Error("once"));
  await host.advance(INTERVAL_MS);
  tide.req("/b", "GET", 200, host.nowMs, 2);
  tide.recordException(new Error("later"));
  await host.advance(30_000);
  assert.deepEqual(
    pushes.map(({ head }) => [head.seq, head.exceptions.map(({ message }) => message)]),
    [
      [1, ["once"]],
      [1, ["once"]],
      [1, ["once"]],
      [2, ["later"]],
    ],
  );
  assert.ok(
    pushes
      .slice(1, 3)
      .every(({ bytes, batchId }) => bytes === pushes[0]?.bytes && batchId === pushes[0].batchId),
  );
  assert.deepEqual(merged(), tide.stats());
  assertLaws(tide);
});

test("flush and close push at once; what a closed collector could not push is lost and counted", async () => {
  for (const end of ["flush", "close"] as const) {
    const { tide, host, pushes } = setup();
    tide.req("/a", "GET", 200, host.nowMs, 1);
    assert.deepEqual(await tide[end](), { delivered: 1, remaining: 0, dropped: 0, timedOut: false });
    assert.equal(pushes.length, 1);
  }
  const { tide, host } = setup(() => "retry");
  tide.req("/a", "GET", 200, host.nowMs, 1);
  const closing = tide.close({ timeoutMs: 100 });
  await host.advance(100);
  assert.equal((await closing).dropped, 1);
  assert.equal(assertLaws(tide).sinks[0]?.dropped.closed, 1);
});

test("an interval of one's own holds, and a push is one item: too large, it is dropped and not halved", async () => {
  const { tide, host, pushes } = setup(() => "too-large", {}, { intervalMs: 1000, batchMax: 1 });
  for (const route of ["/a", "/b", "/c"]) tide.req(route, "GET", 200, host.nowMs, 1);
  await host.advance(1000);
  assert.deepEqual([pushes.length, pushes[0]?.count], [1, 3]);
  assert.equal(assertLaws(tide).sinks[0]?.dropped.too_large, 3);
});

test("after a core reset pushes have a new isolate, whose counters begin anew", async () => {
  const { tide, host, pushes } = setup();
  tide.req("/a", "GET", 200, host.nowMs, 1);
  await tide.flush();
  tide.req("/a", "GET", 200, host.nowMs, 1);
  trapNext("engine_stats");
  tide.stats();
  tide.req("/b", "GET", 200, host.nowMs, 1);
  await tide.flush();
  const [before, after] = pushes as [Push, Push];
  assert.notEqual(before.head.isolate, after.head.isolate);
  assert.deepEqual([after.head.seq, after.head.counters.emitted, after.head.counters.coreResets], [1, 1, 1]);
  const { sinks, emitted } = assertLaws(tide);
  assert.deepEqual([emitted, sinks[0]?.delivered, sinks[0]?.dropped.core_reset], [3, 2, 1]);
});

test("what sinks for events lack is said beside a hub too, and of a hub alone nothing", (t) => {
  const warn = t.mock.method(console, "warn", () => {});
  const play = (sinks: NonNullable<CollectorOptions["sinks"]>) => {
    const { tide } = simulated({ sinks });
    tide.evt("cart.opened");
    tide.counter("orders").add(1);
  };
  const hub: Sink = { name: "hub", format: "stats", send: () => "ok" };
  play([hub]);
  assert.equal(warn.mock.callCount(), 0);
  play([otlp({ url: "http://localhost:1" }), hub]);
  assert.equal(warn.mock.callCount(), 1);
  assert.match(String(warn.mock.calls[0]?.arguments[0]), /events of your own: give otlp\(\) .*"logs"/);
});
