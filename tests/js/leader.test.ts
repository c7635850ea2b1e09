import assert from "node:assert/strict";
import { test } from "node:test";
import { instrument } from "../../js/adapters/workers.ts";
import type { BytesSink, Collector, CollectorOptions, Sink } from "../../js/types/index.ts";
import { assertLaws, type SimulatedHost, settle, simulated } from "./_engine.ts";

/** Requests to an instrumented Worker, each with a context of its own. */
class Workers {
  readonly sent: { readonly context: string; readonly count: number; readonly atMs: number }[] = [];
  /** Requests that called waitUntil, in order. */
  readonly leaders: string[] = [];
  readonly done: string[] = [];
  readonly tide: Collector;
  readonly host: SimulatedHost;
  answer: () => ReturnType<BytesSink["send"]> = () => "ok";
  #requests = 0;

  constructor(options: CollectorOptions = {}, others: Sink[] = []) {
    const send: BytesSink["send"] = (_, { count }) => {
      this.sent.push({ context: this.host.context, count, atMs: this.host.nowMs });
      return this.answer();
    };
    const sinks: Sink[] = [{ name: "test", format: "ndjson", send }, ...others];
    const { tide, host } = simulated({ ...options, sinks }, "workers");
    this.tide = tide;
    this.host = host;
  }

  /** One request, answered at once. Returns its context. */
  async request(path = "/a"): Promise<string> {
    this.#requests += 1;
    const context = `request ${this.#requests}`;
    this.host.context = context;
    const ctx = {
      waitUntil: (work: Promise<unknown>) => {
        this.leaders.push(context);
        void work.then(() => this.done.push(context));
      },
    };
    const worker = instrument(this.tide, {
      fetch: async (_request: Request, _env: unknown, _ctx: unknown) => new Response("hi"),
    });
    await worker.fetch(new Request(`https://example.com${path}`), {}, ctx);
    assertLaws(this.tide);
    return context;
  }

  get waiting(): number {
    const { queued, inFlight } = assertLaws(this.tide).sinks[0]!;
    return queued + inFlight;
  }
}

test("one request leads: it waits, sends on its own context and leaves; the others never call waitUntil", async () => {
  const workers = new Workers();
  const first = await workers.request();
  await workers.request();
  await workers.request();
  assert.deepEqual(workers.leaders, [first]);
  assert.equal(workers.sent.length, 0, "the response goes first");
  await workers.host.advance(501);
  assert.deepEqual(
    workers.sent.map(({ context, count }) => [context, count]),
    [[first, 3]],
  );
  assert.deepEqual(workers.done, [first], "it leaves when nothing waits");
  const next = await workers.request();
  assert.deepEqual(workers.leaders, [first, next]);
});

test("a dead leader's term runs out and the next request leads", async () => {
  const workers = new Workers();
  const dead = await workers.request();
  workers.host.kill(dead);
  await workers.host.advance(700);
  await workers.request();
  assert.deepEqual(workers.leaders, [dead], "its term still runs");
  await workers.host.advance(100);
  const next = await workers.request();
  assert.deepEqual(workers.leaders, [dead, next]);
  await workers.host.advance(10);
  assert.deepEqual(
    workers.sent.map(({ context, count }) => [context, count]),
    [[next, 3]],
  );
});

test("a leader that dies in the middle of a send is made good by the next request", async () => {
  const workers = new Workers();
  workers.answer = () => new Promise(() => {});
  const dead = await workers.request();
  await workers.host.advance(501);
  workers.host.kill(dead);
  workers.answer = () => "ok";
  await workers.host.advance(2900);
  await workers.request();
  assert.deepEqual(workers.leaders, [dead], "the batch may still arrive");
  await workers.host.advance(400);
  const next = await workers.request();
  assert.deepEqual(workers.leaders, [dead, next]);
  await workers.host.advance(600);
  assert.equal(workers.waiting, 0);
  assert.equal(assertLaws(workers.tide).sinks[0]?.leasesExpired, 1);
  assert.deepEqual(
    workers.sent.map(({ count }) => count),
    [1, 1, 2],
  );
});

test("a request that makes a batch full takes over from a sleeping leader, which leaves without sending", async () => {
  const workers = new Workers({ batchMax: 3 });
  const first = await workers.request();
  await workers.request();
  const third = await workers.request();
  const fourth = await workers.request();
  assert.deepEqual(workers.leaders, [first, third], "one takes over, not a crowd");
  await workers.host.advance(0);
  assert.deepEqual(
    workers.sent.map(({ context, count }) => [context, count]),
    [[third, 3]],
  );
  await workers.host.advance(600);
  assert.deepEqual(workers.done.toSorted(), [first, third]);
  assert.equal(workers.sent[1]?.context, third);
  assert.equal(workers.waiting, 0);
  assert.ok(fourth);
});

test("nobody takes over while the leader sends", async () => {
  const workers = new Workers({ batchMax: 2 });
  let release: (value: "ok") => void = () => {};
  workers.answer = () => new Promise((resolve) => (release = resolve));
  await workers.request();
  const second = await workers.request();
  await workers.host.advance(1);
  assert.equal(workers.sent.length, 1);
  for (let n = 0; n < 5; n += 1) await workers.request();
  assert.equal(workers.leaders.at(-1), second);
  workers.answer = () => "ok";
  workers.host.context = second;
  release("ok");
  await settle();
  await workers.host.advance(600);
  assert.equal(workers.waiting, 0);
  assert.ok(workers.sent.every(({ context }) => context === second));
});

test("while it sends to a slow sink the leader stays the leader and serves the others", async () => {
  const workers = new Workers({ batchMax: 2 }, [
    { name: "slow", format: "ndjson", send: () => new Promise(() => {}) },
  ]);
  await workers.request();
  const leader = await workers.request();
  await workers.host.advance(1);
  assert.equal(workers.sent.length, 1);
  await workers.request();
  await workers.request();
  assert.equal(workers.leaders.at(-1), leader, "a full batch for another sink deposes nobody");
  await workers.host.advance(501);
  assert.deepEqual(
    workers.sent.map(({ context, count }) => [context, count]),
    [
      [leader, 2],
      [leader, 2],
    ],
  );
});

test("a leader leaves after eight sends, and the next request goes on", async () => {
  const workers = new Workers({ batchMax: 1 });
  for (let n = 0; n < 12; n += 1) await workers.request();
  await workers.host.advance(5);
  assert.equal(workers.sent.length, 8);
  assert.equal(workers.waiting, 4);
  await workers.request();
  await workers.host.advance(5);
  assert.equal(workers.waiting, 0);
  assert.equal(workers.leaders.length, 2);
});

test("a leader that waits for one sink's backoff serves the others in time", async () => {
  const workers = new Workers({}, [
    { name: "troubled", format: "ndjson", send: () => ({ retryAfterMs: 8000 }) },
  ]);
  const startMs = workers.host.nowMs;
  await workers.request();
  await workers.host.advance(1000);
  await workers.request();
  await workers.host.advance(1100);
  const times = workers.sent.map(({ atMs }) => atMs - startMs);
  assert.equal(times.length, 2);
  assert.ok(times[0]! <= 500 && times[1]! <= 2000, String(times));
});

test("a leader whose budget is spent stays until its sends are settled: they live by its context", async () => {
  const release: ((value: "ok") => void)[] = [];
  const slow: BytesSink["send"] = () => new Promise((resolve) => release.push(resolve));
  const others = Array.from(
    { length: 8 },
    (_, n): Sink => ({ name: `slow ${n}`, format: "ndjson", send: slow }),
  );
  const workers = new Workers({}, others);
  const leader = await workers.request();
  await workers.host.advance(501);
  assert.equal(release.length, 7);
  assert.deepEqual(workers.done, []);
  for (const answer of release.splice(0)) answer("ok");
  await workers.host.advance(1001);
  assert.equal(release.length, 1, "the ninth is sent after a pause");
  assert.deepEqual(workers.done, []);
  release[0]?.("ok");
  await settle();
  assert.deepEqual(workers.done, [leader]);
});

test("a leader leaves after ten seconds", async () => {
  const workers = new Workers({ flushIntervalMs: 3000 });
  const first = await workers.request();
  for (let n = 0; n < 11; n += 1) {
    await workers.host.advance(1000);
    if (n < 10) await workers.request();
  }
  assert.deepEqual(workers.done[0], first);
  assert.ok(workers.sent.every(({ context, atMs }) => context !== first || atMs <= 1_700_000_010_000));
});

test("a backoff beyond the budget keeps nobody, and is not forgotten", async () => {
  const workers = new Workers();
  workers.answer = () => ({ retryAfterMs: 60_000 });
  const first = await workers.request();
  await workers.host.advance(501);
  assert.deepEqual(workers.done, [first]);
  for (let n = 0; n < 5; n += 1) {
    await workers.host.advance(1000);
    await workers.request();
  }
  assert.deepEqual(workers.leaders, [first], "nobody waits for a minute");
  assert.equal(workers.sent.length, 1, "nobody sends into the backoff");
  workers.answer = () => "ok";
  await workers.host.advance(54_000);
  const last = await workers.request();
  await workers.host.advance(3000);
  assert.equal(workers.leaders.at(-1), last);
  assert.equal(workers.waiting, 0);
});

test("an excluded request leads when something waits, also if that is a batch to be tried again", async () => {
  const workers = new Workers({ sampling: { exclude: ["/health"] }, retryBaseMs: 5000, retryMaxMs: 5000 });
  workers.answer = () => ({ retryAfterMs: 12_000 });
  await workers.request();
  await workers.host.advance(501);
  assert.equal(workers.waiting, 1);
  workers.answer = () => "ok";
  await workers.host.advance(13_000);
  const health = await workers.request("/health");
  assert.equal(workers.leaders.at(-1), health);
  await workers.host.advance(1);
  assert.equal(workers.waiting, 0);
});

test("nothing waits, nobody leads", async () => {
  const workers = new Workers({ sampling: { exclude: ["/health"] } });
  await workers.request("/health");
  assert.deepEqual(workers.leaders, []);
});

test("a term written by a clock that has since stepped back holds nobody", async () => {
  const workers = new Workers();
  const first = await workers.request();
  workers.host.kill(first);
  workers.host.nowMs -= 3_600_000;
  const second = await workers.request();
  assert.deepEqual(workers.leaders, [first, second]);
});

test("a clock that stands still keeps no leader for ever", async () => {
  const workers = new Workers({ clock: () => 1_700_000_000_000 });
  const first = await workers.request();
  await workers.host.advance(11_000);
  assert.deepEqual(workers.done, [first]);
});

test("autoTick false leads nothing", async () => {
  const workers = new Workers({ autoTick: false });
  await workers.request();
  assert.deepEqual(workers.leaders, []);
});
