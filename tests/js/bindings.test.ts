// `tide.binding` on objects of any kind: what the program sees is what it would see bare.
import assert from "node:assert/strict";
import { test } from "node:test";
import { instrument, instrumentEntrypoint } from "../../js/adapters/workers.ts";
import { memorySink } from "../../js/sinks/memory.ts";
import type { Collector } from "../../js/types/index.ts";
import { simulated } from "./_engine.ts";

// biome-ignore lint/suspicious/noExplicitAny: bindings of any shape
type Any = any;

async function eventsOf(play: (tide: Collector) => unknown): Promise<Any[]> {
  const memory = memorySink();
  const { tide } = simulated({ sinks: [memory] });
  await play(tide);
  await tide.flush();
  return memory.events as Any[];
}

const namesOf = (events: Any[]) => events.map(({ fn, error }) => (error ? `${fn} ${error}` : fn));

class Store {
  #values = new Map<string, string>([["a", "1"]]);
  static kind = "store";
  size = 1;
  get(key: string) {
    return Promise.resolve(this.#values.get(key) ?? null);
  }
  put(key: string, value: string) {
    this.#values.set(key, value);
    return this;
  }
  getMany(keys: string[]) {
    return Promise.all(keys.map((key) => this.get(key)));
  }
  fails() {
    throw new RangeError("no");
  }
  get entries() {
    return this.#values.size;
  }
  set limit(limit: number) {
    this.#values.set("limit", String(limit));
  }
}

test("an object works as it does bare: private fields, setters, classes, identity of what is no method", async () => {
  const bare = new Store();
  const events = await eventsOf(async (tide) => {
    const store = tide.binding("KV", bare) as Store;
    assert.equal(await store.get("a"), "1");
    assert.equal(store.put("b", "2"), bare);
    assert.deepEqual(await store.getMany(["a", "b"]), ["1", "2"]);
    assert.throws(() => store.fails(), RangeError);
    assert.equal(store.entries, 2);
    store.limit = 7;
    assert.equal(bare.entries, 3);
    store.size = 9;
    assert.equal(bare.size, 9);
    assert.ok(store instanceof Store);
    assert.equal(store.constructor, Store);
    assert.deepEqual(Object.keys(store), ["size"]);
    assert.ok("get" in store);
    assert.equal(String(store), "[object Object]");
    assert.ok(Object.hasOwn(store, "size") && Object.hasOwn(store, "size"));
    const { get } = store;
    assert.equal(await get("a"), "1");
    assert.equal(await store.get.call(store, "b"), "2");
  });
  assert.deepEqual(namesOf(events), [
    "rpc:KV.get",
    "rpc:KV.put",
    "rpc:KV.getMany",
    "rpc:KV.fails RangeError",
    "rpc:KV.get",
  ]);
});

test("`methods` names what is measured, also of a property that is a function", async () => {
  const client = {
    charge: async (amount: number) => amount,
    refund: async (amount: number) => -amount,
    models: Object.assign((name: string) => name, { run: async (input: string) => input }),
    Class: class {
      made = true;
    },
  };
  const events = await eventsOf(async (tide) => {
    const pay = tide.binding("pay", client, { methods: ["charge", "models.run"] });
    assert.deepEqual(
      [await pay.charge(1), await pay.refund(2), pay.models("m"), await pay.models.run("x")],
      [1, -2, "m", "x"],
    );
    assert.equal(new pay.Class().made, true);
    assert.ok(new pay.Class() instanceof client.Class);
  });
  assert.deepEqual(namesOf(events), ["rpc:pay.charge", "rpc:pay.models.run"]);
});

test("what is no object, and what cannot change, comes back as it is", async () => {
  const frozen = Object.freeze({ get: () => "frozen", size: 1 });
  const events = await eventsOf((tide) => {
    for (const nothing of [undefined, null, 7, "text"]) assert.equal(tide.binding("X", nothing), nothing);
    assert.equal(tide.binding("F", frozen).get(), "frozen");
    assert.equal(tide.binding("fn", (n: number) => n + 1)(1), 2);
    const thrower = {
      get idFromName() {
        throw new Error("not asked for");
      },
      get: () => 3,
    };
    assert.equal(tide.binding("T", thrower).get(), 3);
    for (const options of [null, 7, [], { methods: "get" }, { propagate: "yes" }] as Any[]) {
      assert.equal(tide.binding("O", { get: () => 1 }, options).get(), 1);
    }
  });
  assert.deepEqual(namesOf(events), ["rpc:fn", "rpc:T.get", ...Array(5).fill("rpc:O.get")]);
});

test("thenables come back as they are: lazy ones stay lazy, and one that nobody awaits runs once", async () => {
  let runs = 0;
  class Lazy {
    then(resolve: (value: number) => void) {
      runs += 1;
      resolve(runs);
    }
  }
  const lazy = new Lazy();
  await eventsOf(async (tide) => {
    const binding = tide.binding("B", { query: () => lazy });
    const answer = binding.query();
    assert.equal(answer, lazy);
    assert.equal(runs, 0);
    assert.equal(await (answer as Any), 1);
  });
});

test("a namespace makes measured stubs, and its other methods are its own", async () => {
  const stub = { id: "id", fetch: async (_: string) => new Response("ok"), add: async (n: number) => n };
  const namespace: Any = {
    idFromName: (name: string) => ({ name }),
    get: (id: object) => ({ ...stub, id }),
    getByName: () => stub,
    jurisdiction: () => namespace,
  };
  const events = await eventsOf(async (tide) => {
    const rooms = tide.binding("ROOM", namespace);
    const id = rooms.idFromName("a");
    assert.deepEqual(id, { name: "a" });
    assert.equal(rooms.get(id).id, id);
    assert.equal(await rooms.get(id).add(2), 2);
    assert.equal(await rooms.jurisdiction("eu").getByName("b").add(3), 3);
    assert.equal(await (await rooms.getByName("c").fetch("https://x/y")).text(), "ok");
  });
  assert.deepEqual(namesOf(events), ["rpc:ROOM.add", "rpc:ROOM.add", "GET ROOM"]);
});

test("a `fetch` of a URL carries `traceparent`; any other method of that name gets what it would get bare", async () => {
  const seen: Any[][] = [];
  const api = {
    async fetch(...args: Any[]) {
      seen.push(args);
      return new Response("ok", { status: 404 });
    },
  };
  const events = await eventsOf(async (tide) => {
    const binding = tide.binding("API", api);
    await binding.fetch("https://host/a", { method: "PUT" });
    await binding.fetch(new URL("https://host/b"));
    await binding.fetch(new Request("https://host/c"));
    await binding.fetch("key", 7);
    await binding.fetch();
  });
  const headers = seen.slice(0, 3).map(([, init]) => new Headers(init.headers).get("traceparent"));
  assert.deepEqual(
    headers.map((header) => header?.split("-")[2]),
    events.slice(0, 3).map(({ span_id }) => span_id),
  );
  assert.deepEqual(seen.slice(3), [["key", 7], []]);
  assert.deepEqual(namesOf(events), [
    "PUT API 404",
    "GET API 404",
    "GET API 404",
    "rpc:API.fetch",
    "rpc:API.fetch",
  ]);
});

/** A callee in the same program, as a test of a user's has it. */
class Charges {
  static seen: Any[][] = [];
  charge(...args: Any[]) {
    Charges.seen.push(args);
    return args.length;
  }
}

const contextOfWorker = () => ({ waitUntil() {} });

test("`propagate`: a measured callee goes on with the trace; the arguments are those that it would get bare", async () => {
  Charges.seen = [];
  const given: Any[][] = [
    [],
    [1],
    [undefined],
    [{ a: 1 }, null],
    ["00-aa-bb-01"],
    [new Map([["traceparent", "x"]])],
  ];
  const events = await eventsOf(async (tide) => {
    const Measured = instrumentEntrypoint(tide, Charges) as Any;
    const targets = [new Charges(), new Measured(contextOfWorker(), {})];
    const bindings = targets.map((target) => tide.binding("PAY", target, { propagate: true }));
    for (const args of given)
      for (const binding of bindings) assert.equal(binding.charge(...args), args.length);
  });
  assert.deepEqual(
    Charges.seen,
    given.flatMap((args) => [args, args]),
  );
  const servers = events.filter(({ fn }) => fn === "rpc:Charges.charge");
  assert.equal(servers.length, given.length);
  for (const { trace_id, parent_id } of servers) {
    const caller = events.find(({ span_id }) => span_id === parent_id);
    assert.deepEqual([caller?.fn, caller?.trace_id], ["rpc:PAY.charge", trace_id]);
  }
});

test("two collectors measure a callee: both go on with the trace, and it is taken off once", async () => {
  Charges.seen = [];
  const inner = memorySink();
  const { tide: other } = simulated({ sinks: [inner] });
  const outer = await eventsOf((tide) => {
    const Twice = instrumentEntrypoint(tide, instrumentEntrypoint(other, Charges)) as Any;
    const binding = tide.binding("PAY", new Twice(contextOfWorker(), {}), { propagate: true });
    assert.equal(binding.charge(1, 2), 2);
  });
  await other.flush();
  assert.deepEqual(Charges.seen, [[1, 2]]);
  const traces = [...outer, ...(inner.events as Any[])].map(({ trace_id }) => trace_id);
  assert.equal(traces.length, 3);
  assert.equal(new Set(traces).size, 1);
});

test("`respectParent` holds for a callee by RPC; within an excluded request no trace goes on", async () => {
  const memory = memorySink();
  const caller = simulated({ sinks: [], sampling: { exclude: ["/none"] } });
  const { tide } = simulated({ sinks: [memory], sampling: { rate: 0, respectParent: true } });
  const Measured = instrumentEntrypoint(tide, Charges) as Any;
  const callee = new Measured(contextOfWorker(), {});
  const { fetch } = instrument(caller.tide, {
    fetch: (request: Request) =>
      caller.tide.scope(request).binding("PAY", callee, { propagate: true }).charge(request.url),
  }) as Any;
  for (const path of ["some", "none"]) await fetch(new Request(`https://x/${path}`), {}, contextOfWorker());
  await tide.flush();
  assert.equal(memory.events.length, 1);
});

test("a call that nobody awaits is recorded once, at the end of its request", async () => {
  class Answer {
    then(resolve: (value: number) => void) {
      resolve(1);
    }
  }
  const events = await eventsOf(async (tide) => {
    const handler = instrument(tide, {
      async fetch(request: Request) {
        const api = tide
          .scope(request)
          .binding("API", { call: () => new Answer(), left: () => new Answer() });
        await api.call();
        const late = api.left();
        setTimeout(() => late.then(() => {}), 0);
        return new Response();
      },
    }) as Any;
    await handler.fetch(new Request("https://x/"), {}, contextOfWorker());
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
  assert.deepEqual(
    events.map(({ kind, fn }) => fn ?? kind),
    ["rpc:API.call", "rpc:API.left", "REQ"],
  );
  assert.equal(events[1].dur_ms, undefined);
  assert.equal(events[1].parent_id, events[2].span_id);
});

test("a `fetch` of more arguments, as that of a framework's app, gets them all", async () => {
  const app = { fetch: (...given: unknown[]) => given };
  const [request, env, ctx] = [new Request("http://h/a"), { KEY: "k" }, {}];
  const events = await eventsOf((tide) => {
    const given = (tide.binding("APP", app) as Any).fetch(request, env, ctx);
    assert.ok(given.length === 3 && given[0] === request && given[1] === env && given[2] === ctx);
  });
  assert.deepEqual(namesOf(events), ["rpc:APP.fetch"]);
});

test("what inherits from a measured object keeps its own properties and its own `this`", async () => {
  const base = {
    get me() {
      return this;
    },
  };
  await eventsOf((tide) => {
    const heir = Object.create(tide.binding("BASE", base) as object) as Any;
    heir.own = 1;
    assert.ok(Object.hasOwn(heir, "own") && !Object.hasOwn(base, "own"));
    assert.equal(heir.me, heir);
    assert.equal((tide.binding("BASE", base) as Any).me, base);
  });
});

test("a function is measured by its own name, and a name that is no text is unknown", async () => {
  const hostile = { toString: () => assert.fail("not read") };
  const events = await eventsOf((tide) => {
    assert.equal((tide.binding("ADD", (a: number, b: number) => a + b) as Any)(1, 2), 3);
    assert.equal((tide.binding(hostile as never, { m: () => 4 }) as Any).m(), 4);
  });
  assert.deepEqual(namesOf(events), ["rpc:ADD", "rpc:unknown.m"]);
  assert.deepEqual(events[0].attributes, { "rpc.service": "ADD", "rpc.method": "ADD" });
});
