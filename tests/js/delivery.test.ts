import assert from "node:assert/strict";
import { test } from "node:test";
import type { BytesSink, SendInfo, Sink } from "../../js/types/index.ts";
import { assertLaws, callsOf, type SimulatedHost, settle, simulated } from "./_engine.ts";

type Send = BytesSink["send"];

function sink(send: Send, name = "test"): Sink {
  return { name, format: "ndjson", send };
}

function emit(tide: { evt(name: string): void }, count: number): void {
  for (let n = 0; n < count; n += 1) tide.evt(`event ${n}`);
}

/** Steps the clock until `promise` settles, or fails: nothing here may hang. */
async function within<T>(host: SimulatedHost, promise: Promise<T>, limitMs = 60_000): Promise<T> {
  let done = false;
  const watched = promise.finally(() => {
    done = true;
  });
  for (let left = limitMs; left > 0 && !done; left -= 10) await host.advance(10);
  assert.ok(done, "it hangs");
  return watched;
}

const never = new Promise<never>(() => {});

test("a batch leaves when its oldest event is flushIntervalMs old, or at once when it is full", async () => {
  const sent: number[] = [];
  const { tide, host } = simulated({ batchMax: 10, sinks: [sink((_, { count }) => void sent.push(count))] });
  emit(tide, 3);
  await host.advance(499);
  assert.deepEqual(sent, []);
  await host.advance(2);
  assert.deepEqual(sent, [3]);
  emit(tide, 25);
  await host.advance(0);
  assert.deepEqual(sent, [3, 10, 10]);
  await host.advance(501);
  assert.deepEqual(sent, [3, 10, 10, 5]);
  assertLaws(tide);
});

test("each answer has its effect and the laws hold at every step", async () => {
  const retry = (): never => {
    throw new Error("network");
  };
  const cases: [Send, Partial<Record<"delivered" | "queued" | "rejected" | "too_large", number>>][] = [
    [() => "ok", { delivered: 4 }],
    [() => undefined, { delivered: 4 }],
    [async () => ({ ok: true, rejected: 1 }), { delivered: 3, rejected: 1 }],
    [() => ({ ok: true, rejected: 99 }), { rejected: 4 }],
    [() => "retry", { queued: 4 }],
    [() => ({ retryAfterMs: 90_000 }), { queued: 4 }],
    [retry, { queued: 4 }],
    [async () => retry(), { queued: 4 }],
    [() => "fatal", { rejected: 4 }],
    [() => 42 as never, { rejected: 4 }],
    // The third event in a row that is too large is a failure.
    [() => "too-large", { too_large: 3, queued: 1 }],
    [() => new Response("fine"), { delivered: 4 }],
    [() => new Response(null, { status: 400 }), { rejected: 4 }],
    [() => new Response(null, { status: 503 }), { queued: 4 }],
    [() => ({ then: (ok: (v: "ok") => void) => ok("ok") }) as never, { delivered: 4 }],
    [
      () =>
        ({
          get then(): never {
            throw new Error("getter");
          },
        }) as never,
      { queued: 4 },
    ],
  ];
  for (const [send, expected] of cases) {
    const options = { maxConsecutiveSinkFailures: 100, retryBaseMs: 60_000, retryMaxMs: 60_000 };
    const { tide, host } = simulated({ ...options, sinks: [sink(send)] });
    emit(tide, 4);
    assertLaws(tide);
    await host.advance(501);
    assertLaws(tide);
    await host.advance(20);
    const one = assertLaws(tide).sinks[0]!;
    const { rejected, too_large } = one.dropped;
    const found = { delivered: one.delivered, queued: one.queued, rejected, too_large };
    assert.deepEqual(
      found,
      { delivered: 0, queued: 0, rejected: 0, too_large: 0, ...expected },
      String(send),
    );
  }
});

test("a send that never settles is a retry at the deadline, its signal aborted, and the next goes on", async () => {
  const signals: AbortSignal[] = [];
  const ids: string[] = [];
  const { tide, host } = simulated({
    retryBaseMs: 1,
    sinks: [
      sink((_, { signal, batchId }) => {
        signals.push(signal);
        ids.push(batchId);
        return signals.length === 1 ? never : "ok";
      }),
    ],
  });
  emit(tide, 2);
  await host.advance(501);
  assert.equal(assertLaws(tide).sinks[0]?.inFlight, 2);
  await host.advance(1990);
  assert.equal(signals[0]?.aborted, false);
  await host.advance(20);
  assert.equal(signals[0]?.aborted, true);
  await host.advance(50);
  assert.equal(assertLaws(tide).sinks[0]?.delivered, 2);
  assert.equal(ids[0], ids[1], "the same events go out under the same batch id");
});

test("an answer after the deadline is ignored and its body is canceled", async () => {
  let answer: (response: Response) => void = () => {};
  let canceled = 0;
  const { tide, host } = simulated({
    retryBaseMs: 60_000,
    sinks: [sink(() => new Promise<Response>((resolve) => (answer = resolve)))],
  });
  emit(tide, 1);
  await host.advance(501 + 2001);
  answer(new Response(new ReadableStream({ cancel: () => void (canceled += 1) })));
  await settle();
  assert.equal(canceled, 1);
  assert.equal(assertLaws(tide).sinks[0]?.delivered, 0);
});

test("a body that stalls does not undo a status that has come", async () => {
  const stalled = { status: 200, headers: new Headers({ "content-length": "5" }), arrayBuffer: () => never };
  const { tide, host } = simulated({ sinks: [sink(() => stalled)] });
  emit(tide, 1);
  await host.advance(501 + 2001);
  assert.equal(assertLaws(tide).sinks[0]?.delivered, 1);
});

test("a slow sink does not hold up another", async () => {
  let quick = 0;
  const slow = sink(() => never, "slow");
  const { tide, host } = simulated({
    batchMax: 5,
    sinks: [slow, sink((_, { count }) => void (quick += count), "quick")],
  });
  emit(tide, 5);
  await host.advance(1);
  emit(tide, 15);
  await host.advance(1);
  assert.equal(quick, 20);
  assertLaws(tide);
});

test("the timer of a batch in flight, or of a backoff, holds up no later event", async () => {
  const sent: string[] = [];
  const troubled = sink(() => ({ retryAfterMs: 60_000 }), "troubled");
  const fine = sink((_, { count }) => void sent.push(`${count} at ${host.nowMs - startMs}`), "fine");
  const { tide, host } = simulated({ sinks: [troubled, fine] });
  const startMs = host.nowMs;
  for (let n = 0; n < 3; n += 1) {
    emit(tide, 1);
    await host.advance(1000);
  }
  assert.deepEqual(sent, ["1 at 500", "1 at 1500", "1 at 2500"]);
});

test("a flush sends all of one sink while another does not answer", async () => {
  let quick = 0;
  const count = sink((_, info) => void (quick += info.count), "quick");
  const { tide, host } = simulated({
    autoTick: false,
    batchMax: 5,
    sinks: [sink(() => never, "slow"), count],
  });
  emit(tide, 20);
  await within(host, tide.flush({ deadlineMs: 300 }));
  assert.equal(quick, 20);
});

test("flush sends what is queued and says so", async () => {
  const infos: SendInfo[] = [];
  const { tide, host } = simulated({ sinks: [sink((_, info) => void infos.push(info))] });
  emit(tide, 600);
  const result = await within(host, tide.flush());
  assert.deepEqual(result, { delivered: 600, remaining: 0, dropped: 0, timedOut: false });
  assert.deepEqual(
    infos.map(({ count }) => count),
    [256, 256, 88],
  );
  assert.equal(new Set(infos.map(({ batchId }) => batchId)).size, 3);
  assertLaws(tide);
});

test("sinks that answer at once are settled within the call, and no timer is armed for them", async () => {
  const answers: ReturnType<Send>[] = ["ok", { ok: true, rejected: 1 }];
  const sinks = answers.map((answer, at) => sink(() => answer, `sink ${at}`));
  const { tide, host } = simulated({ autoTick: false, batchMax: 2, sinks });
  emit(tide, 5);
  const flushed = tide.flush();
  const left = assertLaws(tide).sinks.map(({ queued, inFlight }) => queued + inFlight);
  assert.deepEqual([...left, host.timers], [0, 0, 0]);
  assert.deepEqual(await flushed, { delivered: 7, remaining: 0, dropped: 3, timedOut: false });
});

test("flush never rejects and ends at its deadline, whatever the sink does", async () => {
  const sends: Send[] = [
    () => never,
    () => "retry",
    () => "fatal",
    () => 1 as never,
    () => {
      throw new Error("x");
    },
  ];
  for (const send of sends) {
    const { tide, host } = simulated({ sinks: [sink(send)] });
    emit(tide, 10);
    const startMs = host.nowMs;
    const { remaining, dropped } = await within(host, tide.flush({ deadlineMs: 300 }));
    assert.ok(host.nowMs - startMs <= 310, `${send} took ${host.nowMs - startMs} ms`);
    assert.equal(remaining + dropped, 10);
    assertLaws(tide);
  }
});

test("flush takes any argument", async () => {
  for (const given of [
    undefined,
    null,
    {},
    5,
    { deadlineMs: Number.NaN },
    { deadlineMs: -1 },
    { deadlineMs: "1" },
  ]) {
    const { tide, host } = simulated({ sinks: [sink(() => "ok")] });
    emit(tide, 1);
    assert.equal((await within(host, tide.flush(given as never))).delivered, 1);
  }
});

test("flush watches a batch that a dead request holds, and takes it over when its lease has run out", async () => {
  let calls = 0;
  const { tide, host } = simulated({ sinks: [sink(() => (++calls === 1 ? never : "ok"))] }, "workers");
  emit(tide, 3);
  host.context = "dying";
  tide.tick(host.nowMs + 501);
  await settle();
  assert.equal(assertLaws(tide).sinks[0]?.inFlight, 3);
  host.kill("dying");
  host.context = "alive";
  const result = await within(host, tide.flush({ deadlineMs: 5000 }));
  assert.deepEqual(result, { delivered: 3, remaining: 0, dropped: 0, timedOut: false });
  assert.equal(assertLaws(tide).sinks[0]?.leasesExpired, 1);
});

test("close refuses what comes later, counts what it could not send, and may be called again", async () => {
  let answer: (value: "ok") => void = () => {};
  const { tide, host } = simulated({
    batchMax: 4,
    sinks: [sink(() => new Promise<"ok">((resolve) => (answer = resolve)))],
  });
  emit(tide, 6);
  const first = tide.close({ timeoutMs: 100 });
  const second = tide.close({ timeoutMs: 200 });
  tide.evt("too late");
  const result = await within(host, first);
  assert.deepEqual(result, { delivered: 0, remaining: 4, dropped: 2, timedOut: true });
  const counters = assertLaws(tide);
  assert.equal(counters.refused, 1);
  assert.equal(counters.sinks[0]?.inFlight, 4);
  answer("ok");
  await within(host, second);
  const { delivered, dropped } = assertLaws(tide).sinks[0]!;
  assert.deepEqual([delivered, dropped.closed], [4, 2]);
});

test("with maxConsecutiveSinkFailures: Infinity a sink is tried for ever", async () => {
  let failures = 0;
  const { tide, host } = simulated({
    maxConsecutiveSinkFailures: Number.POSITIVE_INFINITY,
    retryMaxMs: 1000,
    sinks: [
      {
        name: "down",
        format: "ndjson",
        send: () => {
          failures += 1;
          return failures > 50 ? "ok" : "retry";
        },
      },
    ],
  });
  tide.evt("kept");
  await host.advance(120_000);
  assert.equal(failures, 51);
  const [sink] = assertLaws(tide).sinks;
  assert.deepEqual([sink?.delivered, sink?.disabled], [1, false]);
  for (const wrong of [0, 1.5, -1, Number.NaN, Number.NEGATIVE_INFINITY]) {
    assert.throws(() => simulated({ maxConsecutiveSinkFailures: wrong }), {
      code: "config/max-consecutive-sink-failures",
    });
  }
});

test("a sink's own failures never show: five in a row disable it, a probe brings it back", async () => {
  let up = false;
  const heard: string[] = [];
  const options = { retryBaseMs: 1, retryMaxMs: 10, sinkProbeMs: 1000 };
  const { tide, host } = simulated({ ...options, sinks: [sink(() => (up ? "ok" : "retry"))] });
  tide.on("sink-disabled", ({ sink }) => heard.push(`${sink} disabled`));
  tide.on("sink-recovered", ({ sink }) => heard.push(`${sink} recovered`));
  emit(tide, 2);
  await host.advance(700);
  assert.deepEqual(heard, ["test disabled"]);
  assert.equal(assertLaws(tide).sinks[0]?.disabled, true);
  up = true;
  await host.advance(1500);
  assert.deepEqual(heard, ["test disabled", "test recovered"]);
  assert.equal(assertLaws(tide).sinks[0]?.delivered, 2);
});

test("autoTick false arms nothing; a tick sends and says when it wants the next", async () => {
  let sent = 0;
  const { tide, host } = simulated({
    autoTick: false,
    sinks: [sink((_, { count }) => void (sent += count))],
  });
  assert.equal(tide.tick(), null);
  tide.evt("one");
  assert.equal(host.timers, 0);
  assert.equal(tide.tick(host.nowMs), 500);
  assert.equal(tide.tick(host.nowMs + 200), 300);
  await settle();
  assert.equal(sent, 0);
  tide.tick(host.nowMs + 500);
  await settle();
  assert.equal(sent, 1);
});

test("a timer that died is overdue after a second, and the next event arms another", async () => {
  let sent = 0;
  const { tide, host } = simulated({ sinks: [sink((_, { count }) => void (sent += count))] });
  tide.evt("one");
  assert.equal(host.timers, 1);
  host.kill("process");
  await host.advance(1400);
  tide.evt("two");
  assert.equal(host.timers, 0, "it may still come");
  await host.advance(200);
  tide.evt("three");
  await host.advance(1);
  assert.equal(sent, 3);
});

test("a flush makes objects neither of notices that nobody hears nor of all counters", () => {
  const { tide } = simulated({ sinks: [sink(() => "ok")] });
  for (const costly of ["engine_notice", "engine_counters"] as const) {
    tide.req("/", "GET", 200, 0, 1);
    assert.equal(
      callsOf(costly, () => void tide.flush()),
      0,
      costly,
    );
  }
  assert.equal(assertLaws(tide).sinks[0]?.delivered, 2);
});
