/** What may be secret is in no text of ours: not in an event, a notice, an error or a line on the console. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { instrument } from "../../js/adapters/workers.ts";
import { createCollector, memorySink, ndjson, otlp, queueSink, TidegateError } from "../../js/index.ts";
import type { CollectorOptions, NdjsonEvent, Sink } from "../../js/types/index.ts";
import { settle, simulated } from "./_engine.ts";

const SECRET = "hunter2";
const url = "https://example.com/events";

/** A TypeError as `fetch` throws it, with a cause as Node gives it. */
const failed = (more: object = {}) => {
  const cause = Object.assign(new Error(SECRET), { code: "ECONNREFUSED" });
  return Object.assign(new TypeError(`fetch failed: ${SECRET}`, { cause }), more);
};

const throwing = (error: unknown) => () => {
  throw error;
};

/** All that `options` make public when one event is sent: notices and lines on the console. */
async function publishedBy(options: CollectorOptions): Promise<string> {
  const lines: unknown[] = [];
  const consoles = ["log", "warn", "error"] as const;
  const originals = consoles.map((name) => console[name]);
  for (const name of consoles) console[name] = (...args: unknown[]) => void lines.push(inspect(args));
  try {
    const { tide, host } = simulated(options);
    for (const type of ["error", "flush", "drop", "sink-disabled"] as const) {
      tide.on(type, (notice) => void lines.push(JSON.stringify(notice)));
    }
    tide.evt("x");
    await host.advance(1000);
    for (let n = 0; n < 5; n += 1) await settle();
    lines.push(tide.error?.message, tide.metricsText());
  } finally {
    for (const [at, name] of consoles.entries()) console[name] = originals[at] as typeof console.log;
  }
  return lines.join("\n");
}

test("what a send throws is told by its type and its code", async () => {
  const sends: [string, RegExp, Sink | readonly Sink[]][] = [
    ["fetch", /ndjson: threw TypeError \(ECONNREFUSED\)/, ndjson({ url, fetch: throwing(failed()) })],
    [
      "async fetch",
      /ndjson: threw TypeError \(ECONNREFUSED\)/,
      ndjson({ url, fetch: async () => throwing(failed())() }),
    ],
    ["headers", /ndjson: threw Error/, ndjson({ url, headers: throwing(new Error(SECRET)) })],
    ["a text", /ndjson: threw string/, ndjson({ url, headers: throwing(`no ${SECRET}`) })],
    [
      "a value with a line break",
      /the header authorization has an illegal character/,
      ndjson({ url, headers: { Authorization: `Bearer ${SECRET}\nx` } }),
    ],
    [
      "a value beyond Latin-1",
      /the header x-key has an illegal character/,
      ndjson({ url, headers: () => ({ "x-key": `${SECRET}→` }) }),
    ],
    [
      "a secret as a name",
      /a header has an illegal name/,
      ndjson({ url, headers: { [`Bearer ${SECRET}`]: "" } }),
    ],
    ["otlp", /otlp-logs: threw TypeError/, otlp({ url, signals: ["logs"], fetch: throwing(failed()) })],
    ["a binding", /queue: threw RangeError/, queueSink({ binding: throwing(new RangeError(SECRET)) })],
    ["a name", /x: threw Error/, { name: "x", format: "ndjson", send: throwing({ name: `a ${SECRET}` }) }],
    [
      "a code",
      /x: threw Error/,
      { name: "x", format: "ndjson", send: throwing(Object.assign(new Error(), { code: `a ${SECRET}` })) },
    ],
    [
      "a getter",
      /x: threw/,
      {
        name: "x",
        format: "events",
        send: throwing({
          get name() {
            throw new Error(SECRET);
          },
        }),
      },
    ],
  ];
  for (const [name, expected, sink] of sends) {
    const published = await publishedBy({ sinks: [sink] });
    assert.doesNotMatch(published, new RegExp(SECRET), name);
    assert.match(published, expected, name);
  }
});

test("a header that fetch would take goes out as it is, without blanks around it", async () => {
  const seen: unknown[] = [];
  const fetch = async (_url: string, init: { headers: object }) => {
    seen.push((init.headers as Record<string, string>)["authorization"]);
    return new Response();
  };
  for (const value of ["Bearer x\n", "\tBearer x ", "Bearer x"]) {
    await publishedBy({ sinks: [ndjson({ url, headers: { authorization: value }, fetch: fetch as never })] });
  }
  assert.deepEqual(seen, ["Bearer x", "Bearer x", "Bearer x"]);
});

test("a bad url is not shown", () => {
  const urls = [
    `postgres//u:${SECRET}@h`,
    `https//:${SECRET}`,
    SECRET,
    `https://u:${SECRET}@h:port/`,
    `https://${SECRET}@h`,
    `ftp://h/?${SECRET}`,
    `https://h/v1/traces?k=${SECRET}`,
  ];
  for (const bad of urls) {
    for (const make of [() => ndjson({ url: bad }), () => otlp({ url: `${bad}/v1/logs` })]) {
      let thrown: unknown;
      try {
        make();
      } catch (error) {
        thrown = error;
      }
      if (thrown === undefined) continue;
      assert.ok(thrown instanceof TidegateError);
      assert.doesNotMatch(inspect(thrown), new RegExp(SECRET), bad);
    }
  }
});

test("what an options function throws is told by its type", async (t) => {
  const complaints = t.mock.method(console, "error", () => {});
  const failures: [unknown, string][] = [
    [new Error(SECRET), "the options function threw Error"],
    [failed(), "the options function threw TypeError (ECONNREFUSED)"],
    [`no ${SECRET}`, "the options function threw string"],
    [undefined, "the options function threw throw"],
    [
      Object.assign(new Error(SECRET), { code: "ERR_INVALID_URL" }),
      "the options function threw Error (ERR_INVALID_URL)",
    ],
  ];
  for (const [error, expected] of failures) {
    complaints.mock.resetCalls();
    const tide = createCollector(throwing(error));
    const notices: string[] = [];
    tide.on("error", (notice) => notices.push(JSON.stringify(notice)));
    tide.configure({ KEY: SECRET });
    assert.equal(tide.error?.message, expected);
    assert.equal(notices.length, 1);
    assert.doesNotMatch(notices + inspect(complaints.mock.calls[0]?.arguments), new RegExp(SECRET));
  }
});

test("what a listener throws is told by its type", async (t) => {
  const complaints = t.mock.method(console, "error", () => {});
  for (const error of [new Error(SECRET), `no ${SECRET}`, { name: `x ${SECRET}` }]) {
    complaints.mock.resetCalls();
    const { tide } = simulated({ sinks: [memorySink()] });
    tide.on("flush", throwing(error));
    tide.evt("x");
    await tide.flush();
    assert.equal(complaints.mock.callCount(), 1);
    assert.doesNotMatch(inspect(complaints.mock.calls[0]?.arguments), new RegExp(SECRET));
  }
});

/** The events that `work` records. */
async function events(
  work: (tide: ReturnType<typeof createCollector>) => unknown,
  options: CollectorOptions = {},
): Promise<readonly NdjsonEvent[]> {
  const memory = memorySink();
  const { tide } = simulated({ ...options, sinks: [memory] });
  await work(tide);
  await tide.flush();
  return memory.events;
}

test("a thrown text is the error type string; where messages are off it is nowhere", async () => {
  const thrown = [`db password ${SECRET}`, SECRET, "", new String(SECRET), Object(`a ${SECRET}`)];
  for (const error of thrown) {
    const throwIt = async (tide: ReturnType<typeof createCollector>) => {
      assert.throws(() => tide.time("sync", throwing(error)));
      await assert.rejects(tide.time("async", async () => throwing(error)()));
      assert.throws(() => tide.query("select 1", throwing(error)));
      const worker = instrument(tide, { fetch: throwing(error) }) as { fetch(...args: unknown[]): unknown };
      const context = { waitUntil() {}, passThroughOnException() {} };
      assert.throws(() => worker.fetch(new Request("https://h/a"), {}, context));
    };
    const found = await events(throwIt, { errors: "type" });
    // The request has its exception beside it.
    assert.equal(found.length, 5);
    for (const event of found) assert.equal(event.error, typeof error === "string" ? "string" : "Error");
    assert.doesNotMatch(JSON.stringify(found), new RegExp(SECRET));
  }
});

test("an error that is given is the name of a type, or hidden", async () => {
  const given: [unknown, string | undefined][] = [
    ["TimeoutError", "TimeoutError"],
    ["ECONNRESET", "ECONNRESET"],
    ["503", "503"],
    ["a.b.Fehlerö", "a.b.Fehlerö"],
    [`password=${SECRET}`, "string"],
    [`http://u:${SECRET}@h`, "string"],
    [`no ${SECRET}`, "string"],
    ["E".repeat(200), "string"],
    [Object.assign(new Error(), { name: `E ${SECRET}` }), "Error"],
    [new RangeError(SECRET), "RangeError"],
    [{}, "Error"],
    [404, "Error"],
    [null, undefined],
  ];
  const found = await events((tide) => {
    for (const [error] of given) {
      tide.req("/a", "GET", 500, 1e12, 1, error);
      tide.fn("f", 1e12, 1, error);
      tide.db("select 1", 1e12, 1, { error });
      tide.enqueue({ kind: "FN", name: "f", startMs: 1e12, error });
    }
  });
  assert.equal(found.length, given.length * 4);
  for (const [at, event] of found.entries()) assert.equal(event.error, given[Math.floor(at / 4)]?.[1]);
});

test("a route keeps no query, no fragment and no credentials", async () => {
  const routes: [string, string][] = [
    [`/q?${SECRET}`, "/q"],
    [`/q?token=${SECRET}`, "/q"],
    [`http://u:${SECRET}@h/x`, "h/x"],
    [`//u:${SECRET}@h/x?y`, "h/x"],
    [`/frag#${SECRET}`, "/frag"],
    [`/:id?${SECRET}`, "/:id"],
    ["/:id?", "/:id?"],
    ["/:id?/edit", "/:id?/edit"],
    ["/@scope/:name", "/@scope/:name"],
  ];
  const found = await events((tide) => {
    for (const [route] of routes) {
      tide.req(route, "GET", 200, 1e12, 1);
      // Buffered, by its text and by its id.
      tide.req(route, "GET", 200, 1e12, 1);
      tide.req(route, "GET", 200, 1e12, 1, "Error");
      tide.enqueue({ kind: "REQ", route, method: "GET", status: 200, startMs: 1e12 });
    }
    assert.doesNotMatch(JSON.stringify(tide.stats()), new RegExp(SECRET));
  });
  assert.equal(found.length, routes.length * 4);
  for (const [at, event] of found.entries()) {
    assert.equal((event as { route: string }).route, routes[Math.floor(at / 4)]?.[1]);
  }
});

test("no message of an error has the query or the credentials of a URL", async () => {
  const long = `https://u:${SECRET}${"x".repeat(2000)}@h/p`;
  const messages: [message: string, wanted: string][] = [
    [
      `error sending request for url (http://h:1/p?token=${SECRET}): refused`,
      "error sending request for url (http://h:1/p): refused",
    ],
    [
      `Request cannot be constructed from a URL that includes credentials: http://u:${SECRET}@h/p`,
      "Request cannot be constructed from a URL that includes credentials: http://h/p",
    ],
    [
      `Invalid URL: 'nats://${SECRET}:p@s@h:port/x#${SECRET}' or "https://a?${SECRET}"`,
      `Invalid URL: 'nats://h:port/x' or "https://a"`,
    ],
    [`${"x".repeat(1000)} ${long}`, `${"x".repeat(1000)} https://h/p`],
    [`Invalid URL: undefined/x?token=${SECRET}`, "Invalid URL: undefined/x"],
    [
      `Invalid URL: http://u:${SECRET}@bad host/x?a[0]=${SECRET}&b=${SECRET}`,
      "Invalid URL: http://bad host/x",
    ],
    ["set a=?,b=? where c = ?", "set a=?,b=? where c = ?"],
    ["Is the computer able to access the url? a@b", "Is the computer able to access the url? a@b"],
  ];
  for (const [message, wanted] of messages) {
    const found = await events(
      (tide) =>
        assert.rejects(tide.time("x", async () => throwing(new Error("x", { cause: new Error(message) }))())),
      { errors: "stack" },
    );
    assert.deepEqual(
      (found as readonly { error_cause?: string }[]).map(({ error_cause }) => error_cause),
      [`Error: ${wanted}`],
    );
    assert.doesNotMatch(JSON.stringify(found), new RegExp(SECRET));
  }
});
