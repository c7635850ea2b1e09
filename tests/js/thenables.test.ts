// A call of the user's is never changed by being measured: what `time` and `query` get comes back as it is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { instrument } from "../../js/adapters/workers.ts";
import { memorySink } from "../../js/index.ts";
import { assertLaws, settle, simulated } from "./_engine.ts";

interface Settled {
  readonly fn?: string;
  readonly error?: string;
  readonly dur_ms?: number;
}

function setup() {
  const memory = memorySink();
  const { tide, host } = simulated({ sinks: [memory] });
  const events = async (): Promise<Settled[]> => {
    await settle();
    await tide.flush();
    assertLaws(tide);
    return memory.events as unknown as Settled[];
  };
  return { tide, host, events };
}

/** A lazy thenable, as query builders are: each `then` runs it. */
class Lazy {
  runs = 0;
  readonly #run: () => Promise<unknown>;
  constructor(run: () => Promise<unknown>) {
    this.#run = run;
  }
  then(onFulfilled?: (value: unknown) => unknown, onRejected?: (error: unknown) => unknown): unknown {
    this.runs += 1;
    return this.#run().then(onFulfilled, onRejected);
  }
  inc(n: number): string {
    return `inc ${n}`;
  }
}

class Own extends Promise<unknown> {
  cancel(): string {
    return "cancelled";
  }
}

test("a thenable comes back as itself, runs once, and is measured when the user calls its then", async () => {
  const { tide, host, events } = setup();
  const lazy = new Lazy(async () => {
    host.nowMs += 5;
    return "rows";
  });
  const same = tide.time("lazy", () => lazy);
  assert.equal(same, lazy);
  assert.equal(same.inc(3), "inc 3");
  host.nowMs += 100;
  assert.equal(lazy.runs, 0, "nobody asked for it yet");
  assert.deepEqual(await events(), []);
  assert.equal(await same, "rows");
  assert.equal(lazy.runs, 1);
  assert.deepEqual(
    (await events()).map(({ fn, dur_ms }) => [fn, dur_ms]),
    [["lazy", 5]],
  );
  await same;
  assert.equal((await events()).length, 1, "only the first call is measured");
  assert.equal(lazy.runs, 2, "as it would be without measuring");
});

test("every kind of thenable keeps its identity and tells its end once", async () => {
  const { tide, events } = setup();
  const cases: [string, () => PromiseLike<unknown>, unknown][] = [
    ["subclass", () => Own.resolve(1), undefined],
    ["subclass that fails", () => Own.reject(new RangeError("x")), "RangeError"],
    ["another realm", () => runInNewContext("Promise.resolve(1)"), undefined],
    [
      "a function",
      () => Object.assign(() => 1, new Lazy(async () => 1), { then: (f: () => void) => f() }),
      undefined,
    ],
    ["a literal", () => ({ then: (ok: (value: number) => void) => ok(7) }) as never, undefined],
    ["fails", () => new Lazy(() => Promise.reject(new TypeError("x"))) as never, "TypeError"],
    [
      "throws from then",
      () =>
        ({
          then() {
            throw new SyntaxError("x");
          },
        }) as never,
      "SyntaxError",
    ],
  ];
  for (const [name, make, error] of cases) {
    const made = make();
    const same = tide.time(name, () => made);
    assert.equal(same, made, name);
    if (error === undefined) await same;
    else await assert.rejects(async () => await same, { name: error as string }, name);
    await Promise.resolve(same).catch(() => {});
  }
  assert.deepEqual(
    (await events()).map(({ fn, error }) => [fn, error]),
    cases.map(([name, , error]) => [name, error]),
  );
});

test("a plain promise comes back as one that settles alike, with what the user has put on it", async () => {
  const { tide, events } = setup();
  const process = Object.assign(Promise.resolve("done"), { kill: () => "killed" });
  const measured = tide.time("process", () => process);
  assert.ok(measured instanceof Promise);
  assert.equal(measured.kill(), "killed");
  assert.equal(await measured, "done");
  const error = new Error("same");
  await assert.rejects(
    tide.query("select 1", () => Promise.reject(error)),
    (thrown) => thrown === error,
  );
  assert.equal((await events()).length, 2);
});

test("a rejection that nobody handles stays one", async () => {
  const { tide, events } = setup();
  const unhandled: unknown[] = [];
  const listener = (reason: unknown) => unhandled.push(reason);
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", listener);
  try {
    void tide.time("plain", () => Promise.reject("plain"));
    void tide.query("select 1", async () => {
      throw "async";
    });
    void tide.time("subclass", () => Own.reject("subclass"));
    void Promise.resolve(tide.time("lazy", () => new Lazy(() => Promise.reject("lazy"))));
    void tide.time("only one callback", () => Own.reject("one callback")).then(() => {});
    await tide.time("handled", () => Promise.reject("handled")).catch(() => {});
    await tide.time("handled subclass", () => Own.reject("handled")).catch(() => {});
    await settle();
    await settle();
  } finally {
    process.off("unhandledRejection", listener);
    for (const other of others) process.on("unhandledRejection", other as () => void);
  }
  assert.deepEqual(unhandled.sort(), ["async", "lazy", "one callback", "plain", "subclass"]);
  // Nobody has called `then` of the subclass alone.
  assert.equal((await events()).length, 6);
});

test("what takes no property is measured as the call alone, its duration unknown", async () => {
  const { tide, events } = setup();
  const frozen = Object.freeze(new Lazy(async () => 1));
  const refusing = new Proxy(new Lazy(async () => 2), {
    defineProperty() {
      throw new Error("no properties on stubs");
    },
    get: (target, key) => Reflect.get(target, key).bind(target),
  });
  const pretending = new Proxy(
    {},
    { get: (_, key) => (key === "then" ? (ok: (value: number) => void) => ok(3) : undefined) },
  ) as PromiseLike<unknown>;
  const fixed = Object.defineProperty({}, "then", { value: (ok: (n: number) => void) => ok(4) });
  const wrapped = new Proxy(Promise.resolve(5), {
    get: (target, key) => Reflect.get(target, key).bind(target),
    defineProperty: () => false,
  });
  const all = [frozen, refusing, pretending, fixed as PromiseLike<unknown>, wrapped];
  for (const thenable of all)
    assert.equal(
      tide.time("alone", () => thenable),
      thenable,
    );
  assert.equal(await pretending, 3);
  assert.deepEqual(Object.getOwnPropertyNames(pretending), [], "what did not work was taken back");
  const found = await events();
  assert.equal(found.length, all.length);
  assert.ok(found.every((event) => !("dur_ms" in event)));
});

test("a then that cannot be read throws where it is awaited, never from here", async () => {
  const { tide, events } = setup();
  const hostile = (error: unknown) =>
    Object.defineProperty({}, "then", {
      get() {
        throw error;
      },
    });
  for (const error of [new TypeError("mine"), undefined, "text"]) {
    const given = hostile(error);
    assert.equal(
      tide.time("hostile", () => given),
      given,
    );
    assert.equal(
      tide.query("select 1", () => given),
      given,
    );
    const handler = { fetch: (_request: Request, _env: object, _ctx: object) => given };
    const worker = instrument(tide, handler);
    assert.equal(worker.fetch(new Request("https://example.com/"), {}, {}), given);
  }
  assert.equal((await events()).length, 9);
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  assert.equal(
    tide.time("revoked", () => revoked.proxy),
    revoked.proxy,
  );
});

test("a thenable that is measured again and again, as a cached one is, keeps one then", async () => {
  const { tide, events } = setup();
  const cached = Own.resolve("cached");
  for (let n = 0; n < 20_000; n += 1) tide.time("cached", () => cached);
  assert.equal(await cached, "cached");
  for (let n = 0; n < 10; n += 1) assert.equal(await tide.time("cached", () => cached), "cached");
  await events();
  assert.equal(tide.counters().emitted, 20_010);
});
