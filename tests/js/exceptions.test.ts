/** Errors that can be mended: what is recorded of them, within which bounds, and what must never be. */
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { withTide } from "../../js/adapters/fetch.ts";
import { instrument } from "../../js/adapters/workers.ts";
import { memorySink } from "../../js/index.ts";
import type { CollectorOptions, NdjsonEvent } from "../../js/types/index.ts";
import { assertLaws, simulated } from "./_engine.ts";

type Event = NdjsonEvent & Record<string, unknown> & { readonly attributes?: Record<string, unknown> };

const CONTEXT = new AsyncLocalStorage<unknown>();

function setup(options: CollectorOptions = {}) {
  const memory = memorySink();
  const { tide, host } = simulated({ context: CONTEXT as never, ...options, sinks: [memory] });
  const events = async () => {
    await tide.flush();
    assertLaws(tide);
    return [...memory.events] as unknown as Event[];
  };
  return { tide, host, events };
}

class PaymentError extends Error {
  override name = "PaymentError";
}

function declined(): Error {
  return new PaymentError("card declined", { cause: new TypeError("socket closed") });
}

test("a thrown error is an exception within its request, which fails by it", async () => {
  const { tide, events } = setup({ errors: "stack" });
  const error = declined();
  const handler = withTide(tide, (_request: Request) => {
    throw error;
  });
  assert.throws(
    () => handler(new Request("https://example.com/pay")),
    (thrown) => thrown === error,
  );
  const [exception, request] = await events();
  const { "exception.stacktrace": stack, ...attributes } = exception?.attributes ?? {};
  assert.deepEqual(attributes, {
    "exception.type": "PaymentError",
    "exception.message": "card declined",
    "exception.cause": "TypeError: socket closed",
  });
  assert.match(String(stack), /^\s+at declined .*exceptions\.test\.ts:\d+:\d+\)/);
  assert.match(String(stack), /\nCaused by: TypeError\n\s+at /);
  assert.deepEqual(
    [exception?.["kind"], exception?.["name"], exception?.["severity"], exception?.["error"]],
    ["EVT", "exception", "error", "PaymentError"],
  );
  assert.equal(exception?.parent_id, request?.span_id);
  assert.equal(request?.error, "PaymentError");
  assert.equal(request?.error_message, "card declined");
  assert.equal(request?.error_cause, "TypeError: socket closed");
  assert.equal(request?.error_stack, stack);
});

test("without the option there are messages and no stacks; with `type` there is no message anywhere", async () => {
  for (const [errors, hasMessage] of [
    [undefined, true],
    ["message", true],
    ["type", false],
  ] as const) {
    const { tide, events } = setup(errors && { errors });
    tide.recordException(declined());
    tide.req("/a", "GET", 500, 1, 2, declined());
    tide.fn("f", 1, 2, new RangeError("out of cards"));
    tide.fn("text", 1, 2, "a text that is no name");
    tide.db("select 1", 1, 2, { error: new Error("no such card") });
    assert.throws(() =>
      tide.time("work", () => {
        throw declined();
      }),
    );
    const sent = JSON.stringify(await events());
    for (const text of ["card declined", "socket closed", "out of cards", "a text that", "no such card"]) {
      assert.equal(sent.includes(text), hasMessage, `${errors} ${text}`);
    }
    assert.ok(!sent.includes("error_stack") && !sent.includes("exceptions.test"));
    assert.ok(sent.includes("PaymentError") && sent.includes("TypeError"), "types are always there");
  }
});

test("an exception that is not handled fails the innermost work that is measured, else the request", async () => {
  const { tide, events } = setup();
  const handler = withTide(tide, (request: Request) => {
    tide.recordException(new Error("mended"), { handled: true, attributes: { plan: "pro" } });
    tide.time("charge", () => tide.recordException(new RangeError("of charge")));
    tide.scope(request).recordException(new TypeError("of request"));
    tide.recordException(new Error("second"));
    return new Response("ok");
  });
  await handler(new Request("https://example.com/pay"));
  const all = await events();
  const exceptions = all.filter(({ name }) => name === "exception");
  const [charge] = all.filter(({ kind }) => kind === "FN");
  const [request] = all.filter(({ kind }) => kind === "REQ");
  assert.deepEqual(
    exceptions.map(({ parent_id }) => parent_id),
    [request?.span_id, charge?.span_id, request?.span_id, request?.span_id],
  );
  assert.deepEqual([charge?.error, charge?.error_message], ["RangeError", "of charge"]);
  assert.deepEqual(
    [request?.error, request?.error_message, request?.["status"]],
    ["TypeError", "of request", 200],
  );
  assert.equal(exceptions[0]?.attributes?.["plan"], "pro");
});

test("an error that was recorded is not recorded again when the handler throws it", async () => {
  const { tide, events } = setup();
  const error = declined();
  for (const handled of [false, true]) {
    const handler = withTide(tide, (request: Request) => {
      tide.scope(request).recordException(error, { handled });
      throw error;
    });
    assert.throws(() => handler(new Request("https://example.com/pay")));
  }
  const all = await events();
  assert.deepEqual(
    all.map(({ kind, error_message }) => [kind, error_message]),
    [
      ["EVT", undefined],
      ["REQ", "card declined"],
      ["EVT", undefined],
      ["REQ", "card declined"],
    ],
    "the same error fails another request too",
  );
});

test("what is thrown may be anything", async () => {
  const { tide, events } = setup();
  const thrown = ["a text", "Name", undefined, null, 42, Symbol("s"), 7n, {}, { message: 5 }, () => {}];
  for (const value of thrown) {
    const handler = withTide(tide, (_request: Request) => {
      throw value;
    });
    assert.throws(() => handler(new Request("https://example.com/a")));
  }
  const requests = (await events()).filter(({ kind }) => kind === "REQ");
  assert.deepEqual(
    requests.map(({ error, error_message }) => [error, error_message]),
    [
      ["string", "a text"],
      ["string", "Name"],
      ["throw", undefined],
      ["throw", undefined],
      ["Error", "42"],
      ["Error", "Symbol(s)"],
      ["Error", "7"],
      ["Error", undefined],
      ["Error", undefined],
      ["Function", undefined],
    ].map((pair, at) => (at === 9 ? [requests[9]?.error, undefined] : pair)),
  );
});

test("hostile errors are read once, within bounds, and never harm", async () => {
  const { tide, events } = setup({ errors: "stack" });
  const reads: Record<string, number> = {};
  const counting = (name: string, value: unknown) => ({
    get() {
      reads[name] = (reads[name] ?? 0) + 1;
      return value;
    },
  });
  const counted = Object.defineProperties(
    {},
    {
      name: counting("name", "Counted"),
      message: counting("message", "m".repeat(1e6)),
      stack: counting("stack", `Counted: ${"m".repeat(1e6)}\n${"    at f (a.js:1:2)\n".repeat(1e5)}`),
      cause: counting("cause", undefined),
    },
  );
  const throwing = new Proxy(new Error("x"), {
    get() {
      throw new Error("trap");
    },
  });
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();
  const cyclic = new Error("a");
  cyclic.cause = new Error("b", { cause: cyclic });
  const own = new Error("own");
  own.cause = own;
  let deep = new Error("depth 0");
  for (let n = 1; n < 50; n += 1) deep = new Error(`depth ${n}`, { cause: deep });
  const handler = withTide(tide, (_request: Request) => {
    tide.recordException(counted);
    throw counted;
  });
  assert.throws(() => handler(new Request("https://example.com/a")));
  for (const error of [throwing, revoked, cyclic, own, deep]) tide.recordException(error);
  const all = await events();
  assert.deepEqual(reads, { name: 1, message: 1, stack: 1, cause: 1 });
  for (const { attributes = {} } of all) {
    assert.ok(String(attributes["exception.message"] ?? "").length <= 1024);
    assert.ok(String(attributes["exception.cause"] ?? "").length <= 1024);
    assert.ok(String(attributes["exception.stacktrace"] ?? "").length <= 4096);
  }
  assert.equal(String(all[0]?.attributes?.["exception.message"]).length, 1024);
  assert.equal(all[1]?.error_message?.length, 1024);
  // Message and stack, of the exception and of its request.
  assert.equal(tide.counters().truncated, 4);
  const causes = all.slice(-3).map(({ attributes }) => attributes?.["exception.cause"]);
  assert.deepEqual(causes, [
    "Error: b",
    undefined,
    [48, 47, 46, 45].map((n) => `Error: depth ${n}`).join("\n"),
  ]);
});

test("the errors of an AggregateError are causes, in the bounds of causes", async () => {
  const { tide, events } = setup({ errors: "stack" });
  const inner = new TypeError("b", { cause: new Error("of b") });
  const list = [new RangeError("a"), inner, new AggregateError([new Error("deep")], "c")];
  const endless = Array.from({ length: 10_000 }, (_, n) => new Error(`n ${n}`));
  const revocable = Proxy.revocable([], {});
  revocable.revoke();
  const hostile = Object.assign(new AggregateError([], "hostile"), { errors: revocable.proxy });
  const own = new AggregateError([], "own");
  own.errors.push(own, own);
  const issues = Object.assign(new Error("invalid"), { errors: [new Error("what was sent")] });
  const first = new AggregateError(list, "all failed", { cause: new Error("why") } as never);
  for (const error of [first, new AggregateError(endless, "many"), hostile, own, issues])
    tide.recordException(error);
  const all = await events();
  const causes = all.map(({ attributes }) => attributes?.["exception.cause"]);
  assert.deepEqual(causes, [
    "Error: why\nRangeError: a\nTypeError: b\nAggregateError: c",
    [0, 1, 2, 3].map((n) => `Error: n ${n}`).join("\n"),
    undefined,
    undefined,
    undefined,
  ]);
  assert.match(String(all[0]?.attributes?.["exception.stacktrace"]), /\nCaused by: RangeError\n/);
});

test("texts are cut between characters", async () => {
  const { tide, events } = setup();
  for (const message of [
    "ü".repeat(5000),
    `a${"🚢".repeat(5000)}`,
    `${"a".repeat(1023)}🚢`,
    "€".repeat(400),
  ]) {
    tide.recordException(new Error(message));
  }
  for (const { attributes } of await events()) {
    const message = String(attributes?.["exception.message"]);
    assert.ok(Buffer.byteLength(message) <= 1024 && Buffer.byteLength(message) > 1016);
    assert.ok(!message.includes("�"));
  }
  assert.equal(tide.counters().truncated, 4);
});

test("no line of a stack repeats a message", async () => {
  const { tide, events } = setup({ errors: "stack" });
  const frames = (attributes: unknown) => String((attributes as Event)["exception.stacktrace"]).split("\n");
  for (const message of [
    "secret",
    "secret\n    at secret (secret.js:1:1)",
    "\n    at secret (x:1:1)\nsecret",
    "a\n\nsecret@x:1:1",
    `long ${"l".repeat(100)}\n    at secret (x:1:1)\n${"y".repeat(1e5)}`,
    "Error",
    "at secret",
  ]) {
    for (const make of [Error, RangeError, PaymentError]) {
      tide.recordException(new make(message, { cause: new make(message) }));
    }
    const noFrames = new Error(message);
    noFrames.stack = `Error: ${message}`;
    tide.recordException(noFrames);
  }
  const firefox = Object.assign(new Error("secret of f@x"), {
    stack: "f@http://a/b.js:1:2\ncode code@http://a/b.js:3:4\n",
  });
  tide.recordException(firefox);
  const all = await events();
  for (const { attributes } of all.slice(0, -1)) {
    const lines = frames(attributes);
    assert.ok(!lines.some((line) => line.includes("secret")), lines.join("\n"));
  }
  assert.deepEqual(frames(all.at(-1)?.attributes), ["f@http://a/b.js:1:2", "code code@http://a/b.js:3:4"]);
  assert.ok(frames(all[0]?.attributes).length > 4);
});

test("values in the messages of databases are hidden, wherever the error goes", async () => {
  const { tide, events } = setup({ errors: "stack" });
  const failed = () =>
    new Error("D1_ERROR: duplicate 'ann@example.com' (4711, ann@example.com) for 4711", {
      cause: new Error("value 'ann@example.com'"),
    });
  const statement = {
    bind: () => statement,
    first: () => Promise.reject(failed()),
    run: () => Promise.reject(failed()),
    all: () => Promise.reject(failed()),
    raw: () => Promise.reject(failed()),
  };
  const d1 = tide.d1({
    prepare: (_text: string) => statement,
    batch: (_statements: never[]) => Promise.reject(failed()),
    exec: (_text: string) => Promise.reject(failed()),
  });
  const queries = [
    () => tide.query("select 1", () => Promise.reject(failed())),
    () =>
      tide.query("select 1", () => {
        throw failed();
      }),
    () => tide.query("select 1", () => tide.time("driver", () => Promise.reject(failed()))),
    () => (d1.prepare("select 1") as typeof statement).all(),
    () => d1.batch([]),
    () => d1.exec?.("select 1"),
    () => {
      const error = failed();
      tide.db("select 1", 1, 2, { error });
      throw error;
    },
    async () => {
      try {
        await tide.query("select 1", () => Promise.reject(failed()));
      } catch (cause) {
        throw new Error("Failed query: select 4711\nparams: ann@example.com", { cause });
      }
    },
  ];
  for (const query of queries) {
    const handler = withTide(tide, async (_request: Request) => {
      await query();
      return new Response("never");
    });
    await assert.rejects(handler(new Request("https://example.com/a")) as Promise<unknown>);
  }
  const sent = JSON.stringify(await events());
  assert.ok(!sent.includes("ann@") && !sent.includes("4711"), sent);
  assert.ok(sent.includes("D1_ERROR: duplicate ? (?) for ?") && sent.includes("Error: value ?"));
  assert.ok(sent.includes("Failed query: select ?\\nparams: ?"));
});

test("redact sees each attribute, message and stack once; what it makes of them is recorded", async () => {
  const seen: [string, unknown][] = [];
  const { tide, events } = setup({
    errors: "stack",
    redact(key, value) {
      seen.push([key, value]);
      if (key === "throws") throw new Error("no");
      if (key === "object") return {} as never;
      if (key === "gone") return undefined;
      if (key === "long") return "l".repeat(1e6);
      return typeof value === "string" ? value.replaceAll("secret", "***") : value;
    },
  });
  const handler = withTide(
    tide,
    (_request: Request) => {
      throw new Error("secret\n    at secret (1)", { cause: new Error(`secret ${"c".repeat(5000)}`) });
    },
    { attributes: () => ({ user: "secret", n: 1 }) },
  );
  assert.throws(() => handler(new Request("https://example.com/a")));
  const before = tide.counters().truncated;
  tide.evt("e", { throws: 1, object: 2, gone: 3, nested: { key: "a secret" }, long: "x".repeat(1e5) });
  const all = await events();
  assert.ok(!JSON.stringify(all).includes("secret"));
  const keys = seen.map(([key]) => key);
  assert.deepEqual(keys.sort(), [
    "exception.message",
    "exception.message",
    "exception.stacktrace",
    "gone",
    "long",
    "n",
    "nested.key",
    "object",
    "throws",
    "user",
  ]);
  for (const [, value] of seen) assert.ok(String(value).length <= 4096);
  assert.equal(all[1]?.attributes?.["user"], "***");
  const { long, ...rest } = all[2]?.attributes ?? {};
  assert.deepEqual(rest, { "nested.key": "a ***" });
  assert.equal(String(long).slice(0, 3), "lll");
  // The text that was too long for redact; two values that it did not give, the one it gave too long.
  assert.ok(tide.counters().truncated - before >= 3);
});

test("events have a severity", async () => {
  const { tide, events } = setup();
  const given = ["trace", "debug", "info", "warn", "error", "fatal", undefined, "loud", 5, {}] as never[];
  for (const severity of given) tide.evt("e", {}, { severity });
  tide.evt("e");
  tide.enqueue({ kind: "EVT", name: "e", severity: "warn" });
  tide.enqueue({ kind: "EVT", name: "e", error: new Error("x") });
  tide.enqueue({ kind: "EVT", name: "e" });
  const severities = (await events()).map((event) => event["severity"]);
  const known = ["trace", "debug", "info", "warn", "error", "fatal"];
  assert.deepEqual(severities, [...known, "info", "info", "info", "info", "info", "warn", "error", "info"]);
});

test("options that are none of these are refused", () => {
  for (const options of [{ errors: "all" }, { errors: 1 }, { redact: "x" }] as never[]) {
    assert.throws(() => simulated(options), { code: "config/type" });
  }
});

test("an exception of an unsampled request arrives with the request that it fails, and not without", async () => {
  for (const handled of [false, true]) {
    const { tide, events } = setup({ sampling: { rate: 0.5, rng: () => 0.9 } });
    const handler = withTide(tide, (_request: Request) => {
      tide.time("charge", () => tide.recordException(declined(), { handled }));
      if (!handled) tide.recordException(new Error("request"));
      return new Response("ok");
    });
    await handler(new Request("https://example.com/pay"));
    const all = await events();
    assert.deepEqual(
      all.map(({ kind, p }) => [kind, p]),
      handled
        ? []
        : [
            ["EVT", 1],
            ["FN", 1],
            ["EVT", 1],
            ["REQ", 1],
          ],
    );
  }
});

test("of a sampled request that fails all events have its probability, at whatever depth", async () => {
  const { tide, events } = setup({ sampling: { rate: 0.5, rng: () => 0.1 } });
  const handler = withTide(tide, (_request: Request) => {
    tide.time("a", () => {
      tide.time("b", () => tide.time("c", () => tide.evt("deep")));
      tide.evt("shallow");
    });
    throw declined();
  });
  assert.throws(() => handler(new Request("https://example.com/pay")));
  await handler;
  const all = await events();
  assert.equal(all.length, 7);
  for (const { p, kind, name } of all) assert.equal(p, 1, `${kind} ${name}`);
});

test("late exceptions belong to their request", async () => {
  const { tide, events } = setup();
  let scope: ReturnType<typeof tide.scope> | undefined;
  const handler = withTide(tide, (request: Request) => {
    scope = tide.scope(request);
    return new Response("ok");
  });
  await handler(new Request("https://example.com/a"));
  scope?.recordException(declined());
  const [request, exception] = await events();
  assert.equal(exception?.parent_id, request?.span_id);
  assert.equal(exception?.trace_id, request?.trace_id);
});

test("handlers of Workers that are no fetch report what they throw", async () => {
  const memory = memorySink();
  const { tide, host } = simulated({ sinks: [memory] }, "workers");
  const worker = instrument(tide, {
    scheduled: async (_event: object, _env: object, _context: object) => {
      throw declined();
    },
    queue: (_event: object, _env: object, _context: object) => {
      throw declined();
    },
  });
  const context = { waitUntil: () => {} };
  await assert.rejects(() => worker.scheduled({ cron: "* * * * *" }, {}, context));
  assert.throws(() => worker.queue({ queue: "jobs" }, {}, context));
  const flushed = tide.flush();
  await host.advance(100);
  await flushed;
  const all = memory.events as unknown as Event[];
  assert.deepEqual(
    all.map((event) => [event["fn"] ?? event["name"], event.error, event.error_message]),
    [
      ["exception", "PaymentError", undefined],
      ["scheduled:* * * * *", "PaymentError", "card declined"],
      ["exception", "PaymentError", undefined],
      ["queue:jobs", "PaymentError", "card declined"],
    ],
  );
  for (const [at, root] of [
    [0, 1],
    [2, 3],
  ] as const)
    assert.equal(all[at]?.parent_id, all[root]?.span_id);
});
