/** What a collector says by itself: nothing while all is well, and once what is not. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { consoleSink } from "../../js/sinks/console.ts";
import { memorySink } from "../../js/sinks/memory.ts";
import { ndjson } from "../../js/sinks/ndjson.ts";
import { otlp } from "../../js/sinks/otlp.ts";
import type { Collector, CollectorOptions, Sink } from "../../js/types/index.ts";
import { assertLaws, settle, simulated } from "./_engine.ts";

/** What is written to the console while the test runs. */
function listening(t: TestContext): string[] {
  const lines: string[] = [];
  for (const method of ["log", "info", "warn", "error", "debug"] as const) {
    t.mock.method(console, method, (...args: unknown[]) => void lines.push(`${method} ${args.join(" ")}`));
  }
  return lines;
}

/** Rejects as `fetch` does on several hosts. */
const failing = (code: string) => () =>
  Promise.reject(new TypeError("fetch failed", { cause: Object.assign(new Error("secret"), { code }) }));
const saying = (message: string) => () => Promise.reject(new TypeError("x", { cause: new Error(message) }));
const answering = (status: number) => async () => new Response(null, { status });

/** Notices of `sink-failed` and lines of a collector whose sink fails again and again. */
async function failures(t: TestContext, sinks: CollectorOptions["sinks"], events = 3) {
  const lines = listening(t);
  const { tide, host } = simulated({
    sinks: sinks ?? [],
    maxConsecutiveSinkFailures: Number.POSITIVE_INFINITY,
  });
  const notices: object[] = [];
  tide.on("sink-failed", (notice) => void notices.push(notice));
  for (let round = 0; round < 4; round += 1) {
    for (let n = 0; n < events; n += 1) tide.evt("e");
    await host.advance(40_000);
  }
  assertLaws(tide);
  return { lines, notices };
}

const url = "https://user-free.example.com:8443/in?token=hunter2";
const shown = "https://user-free.example.com:8443/in";

for (const [what, fetch, cause, hint] of [
  ["401", answering(401), { status: 401 }, "401: check headers; 3 events dropped"],
  ["403", answering(403), { status: 403 }, "403: check headers; 3 events dropped"],
  ["404", answering(404), { status: 404 }, "404: check url; 3 events dropped"],
  ["302", answering(302), { status: 302 }, "302: check url; redirects are not followed; 3 events dropped"],
  ["503", answering(503), { status: 503 }, "503; 3 events kept"],
  ["refused, Node", failing("ECONNREFUSED"), { cause: "refused" }, "refused: check url; 3 events kept"],
  ["dns, Node", failing("ENOTFOUND"), { cause: "dns" }, "dns: check url; 3 events kept"],
  ["dns, later", failing("EAI_AGAIN"), { cause: "dns" }, "dns: check url; 3 events kept"],
  ["reset, Node", failing("ECONNRESET"), { cause: "reset" }, "reset: check url; 3 events kept"],
  ["closed, undici", failing("UND_ERR_SOCKET"), { cause: "reset" }, "reset: check url; 3 events kept"],
  ["timeout, undici", failing("UND_ERR_CONNECT_TIMEOUT"), { cause: "timeout" }, "timeout: check url"],
  ["tls, Node", failing("DEPTH_ZERO_SELF_SIGNED_CERT"), { cause: "tls" }, "tls: check url and certificate"],
  [
    "tls, version",
    failing("ERR_SSL_WRONG_VERSION_NUMBER"),
    { cause: "tls" },
    "tls: check url and certificate",
  ],
  [
    "refused, Deno",
    saying(
      "error sending request for url (https://dns.timeout.tls/): tcp connect error: Connection refused (os error 111)",
    ),
    { cause: "refused" },
    "refused: check url",
  ],
  [
    "dns, Deno",
    saying("error sending request for url (http://x/): client error (Connect): dns error: failed to lookup"),
    { cause: "dns" },
    "dns: check url",
  ],
  [
    "Workers",
    () => Promise.reject(new Error("Network connection lost.")),
    { cause: "network" },
    "network: check url",
  ],
  [
    "Chromium",
    () => Promise.reject(new TypeError("Failed to fetch")),
    { cause: "network" },
    "network: check url",
  ],
  [
    "abort",
    () => Promise.reject(new DOMException("x", "AbortError")),
    { cause: "abort" },
    "abort; 3 events kept",
  ],
  [
    "threw",
    () => {
      throw new RangeError("secret");
    },
    { cause: "threw" },
    "threw RangeError; 3 events kept",
  ],
] as const) {
  test(`a sink that fails says so once, and the notice the same: ${what}`, async (t) => {
    const { lines, notices } = await failures(t, [ndjson({ url, fetch })]);
    assert.equal(lines.length, 1, lines.join("\n"));
    const [line = ""] = lines;
    assert.ok(line.startsWith(`warn tidegate: sink ndjson (${shown}) failed: ${hint}`), line);
    assert.match(line, /, next try in \d+ ms$/);
    assert.doesNotMatch(line, /secret|hunter2/);
    const [{ nextTryMs, ...rest }] = notices as [{ nextTryMs: number }];
    assert.deepEqual(rest, { type: "sink-failed", sink: "ndjson", ...cause, url: shown, count: 3 });
    assert.ok(line.endsWith(` ${nextTryMs} ms`), line);
    assert.equal(notices.length, 1);
  });
}

test("each cause of each sink has its line; headers, bindings and answers of a sink's own too", async (t) => {
  const statuses = [500, 401, 500, 418, 401];
  const turn = () => answering(statuses.shift() ?? 418)();
  const headers = () => {
    throw new Error("secret");
  };
  const { lines, notices } = await failures(t, [
    ndjson({ url, fetch: turn }),
    otlp({ url: "http://[::1]:4318/base/?key=hunter2", signals: ["logs", "traces"], fetch: answering(401) }),
    ndjson({ url, name: "headers", headers }),
    ndjson({ url, name: "illegal", headers: { "x-key": "hun\nter2" } }),
    { name: "own", format: "ndjson", send: () => "fatal" },
    { name: "strange", format: "ndjson", send: () => "hunter2" } as unknown as Sink,
  ]);
  const found = lines
    .map((line) => line.replace(/; \d+ event.*/, "").replace("warn tidegate: sink ", ""))
    .sort();
  assert.deepEqual(found, [
    `headers (${shown}) failed: threw Error`,
    `illegal (${shown}) failed: threw: the header x-key has an illegal character`,
    `ndjson (${shown}) failed: 401: check headers`,
    `ndjson (${shown}) failed: 418`,
    `ndjson (${shown}) failed: 500`,
    "otlp-logs (http://[::1]:4318/base/v1/logs) failed: 401: check headers",
    `own failed: answered "fatal"`,
    `strange failed: answered "fatal"`,
  ]);
  assert.equal(notices.length, lines.length);
});

test("a send that is not answered is a timeout", async (t) => {
  const { lines, notices } = await failures(t, [
    { name: "slow", format: "ndjson", send: () => new Promise(() => {}) },
  ]);
  assert.equal(lines.length, 1);
  assert.match(
    lines[0] ?? "",
    /^warn tidegate: sink slow failed: timeout: check url, or raise flushDeadlineMs; 3 events kept/,
  );
  assert.equal((notices[0] as { cause: string }).cause, "timeout");
});

test("a batch that is halved is no failure; one event alone that is too large is", async (t) => {
  const small = (_bytes: unknown, { count }: { count: number }) => (count > 1 ? "too-large" : "ok");
  const well = await failures(t, [{ name: "small", format: "ndjson", send: small as never }]);
  assert.deepEqual(well, { lines: [], notices: [] });
  t.mock.restoreAll();
  const { lines } = await failures(t, [ndjson({ url, fetch: answering(413) })], 1);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /failed: 413: set batchMax or maxBytes; 1 event dropped, next try in \d+ ms$/);
});

test("disabling and recovery are a line each, and so is the end of a sink that is not probed", async (t) => {
  const lines = listening(t);
  let isUp = false;
  const fetch = async () => new Response(null, { status: isUp ? 200 : 401 });
  const { tide, host } = simulated({ sinks: [ndjson({ url, fetch })] });
  const notices: unknown[] = [];
  tide.on("sink-disabled", ({ status, nextTryMs, count }) => void notices.push([status, nextTryMs, count]));
  tide.on("sink-recovered", (notice) => void notices.push(notice));
  for (let n = 0; n < 5; n += 1) {
    tide.evt("e");
    await host.advance(20_000);
  }
  isUp = true;
  tide.evt("e");
  await host.advance(40_000);
  assert.match(lines.shift() ?? "", /401: check headers/);
  assert.deepEqual(lines, [
    `warn tidegate: sink ndjson (${shown}) is disabled after too many failures in a row, the last: 401: check headers; 0 events kept, next try in 30000 ms`,
    `warn tidegate: sink ndjson (${shown}) works again`,
  ]);
  assert.deepEqual(notices, [[401, 30_000, 0], { type: "sink-recovered", sink: "ndjson", url: shown }]);
  const ends = listening(t);
  const other = simulated({
    sinks: [ndjson({ url, fetch: answering(404) })],
    maxConsecutiveSinkFailures: 1,
    sinkProbeMs: Number.POSITIVE_INFINITY,
  });
  other.tide.evt("e");
  await other.host.advance(1000);
  assert.ok(
    ends.every((line) => line.endsWith("nothing more is sent to it")),
    ends.join("\n"),
  );
  assert.equal(ends.length, 2);
});

test("drops and flushes carry the failure, and nothing of it once the sink works", async (t) => {
  listening(t);
  let status = 403;
  const { tide, host } = simulated({
    sinks: [ndjson({ url, fetch: async () => new Response(null, { status }) })],
  });
  const heard: unknown[] = [];
  tide.on("drop", ({ nextTryMs, ...rest }) => void heard.push({ ...rest, waits: typeof nextTryMs }));
  tide.on(
    "flush",
    ({ batchId: _, nextTryMs, ...rest }) => void heard.push({ ...rest, waits: typeof nextTryMs }),
  );
  tide.evt("e");
  await host.advance(1000);
  status = 200;
  tide.evt("e");
  await host.advance(1000);
  const base = { sink: "ndjson", url: shown, count: 1 };
  assert.deepEqual(heard, [
    { ...base, type: "flush", outcome: "fatal", status: 403, waits: "number" },
    { ...base, type: "drop", reason: "rejected", status: 403, waits: "number" },
    { ...base, type: "flush", outcome: "ok", waits: "undefined" },
  ]);
});

test("log: false says nothing; a console that throws or records harms nobody", async (t) => {
  const lines = listening(t);
  const sinks = () => [ndjson({ url, fetch: answering(401) }), otlp({ url, fetch: answering(404) })];
  const quiet = simulated({ sinks: sinks(), log: false });
  quiet.tide.on("sink-failed", () => {
    throw new Error("mine");
  });
  for (let n = 0; n < 9; n += 1) {
    quiet.tide.evt("e");
    quiet.tide.fn("f", quiet.host.nowMs);
    await quiet.host.advance(9000);
  }
  quiet.tide.scope({}).evt("alone");
  assert.deepEqual(lines, []);
  let bridged: Collector | undefined;
  t.mock.method(console, "warn", () => {
    bridged?.evt("logged");
    throw new Error("a bridge");
  });
  const { tide, host } = simulated({ sinks: sinks() });
  bridged = tide;
  tide.evt("e");
  tide.fn("f", host.nowMs);
  tide.scope({}).evt("alone");
  await host.advance(5000);
  assertLaws(tide);
});

test('log: "debug" adds a line for each start, batch and drop', async (t) => {
  const lines = listening(t);
  const { tide, host } = simulated({
    log: "debug",
    sinks: [ndjson({ url, fetch: answering(200) }), ndjson({ url, name: "bad", fetch: answering(400) })],
  });
  tide.evt("e");
  await host.advance(1000);
  const found = lines
    .map((line) => line.replace(/[0-9a-f]{16}-\d-\d/, "ID").replace(/\d+ ms/, "N ms"))
    .sort();
  assert.deepEqual(found, [
    `debug tidegate: sink bad (${shown}): 1 dropped (rejected)`,
    `debug tidegate: sink bad (${shown}): batch ID of 1: fatal`,
    `debug tidegate: sink ndjson (${shown}): batch ID of 1: ok`,
    "debug tidegate: started with sinks: ndjson, bad",
    `warn tidegate: sink bad (${shown}) failed: 400; 1 event dropped, next try in N ms`,
  ]);
});

test("while all is well nothing is said", async (t) => {
  const lines = listening(t);
  const sinks = [ndjson({ url, fetch: answering(204), gzip: false }), memorySink()];
  const { tide, host } = simulated({ sinks });
  for (let n = 0; n < 600; n += 1) {
    tide.req("/a", "GET", 500, host.nowMs, 1);
    tide.evt("e");
  }
  await host.advance(3000);
  const closed = tide.close();
  await host.advance(3000);
  await closed;
  tide.evt("late");
  assert.deepEqual(lines, []);
});

test("the first event that no sink carries, though one could, says what to add", (t) => {
  const record = (tide: Collector) => {
    for (let n = 0; n < 3; n += 1) {
      tide.req("/a", "GET", 200, 1, 1);
      tide.fn("f", 1, 1);
      tide.db("select 1", 1, 1);
      tide.evt("e");
    }
    return assertLaws(tide);
  };
  const at = "http://127.0.0.1:1";
  const other = { name: "own", format: "otlp-traces-json", send: () => "ok" } as const;
  for (const [sinks, wanted, uncarried] of [
    [[], [], 0],
    [[consoleSink()], [], 0],
    [[otlp({ url: at }), memorySink()], [], 0],
    [[otlp({ url: at, signals: ["traces", "logs"] })], [], 0],
    [
      [otlp({ url: at })],
      ['no sink carries events of your own: give otlp() the option signals: ["traces", "logs"]'],
      3,
    ],
    [[other], ['no sink carries events of your own: give otlp() the option signals: ["traces", "logs"]'], 3],
    [
      [otlp({ url: at, signals: ["logs"] })],
      ['no sink carries requests: give otlp() the option signals: ["logs", "traces"]'],
      9,
    ],
    [
      [otlp({ url: at, signals: ["metrics"] })],
      [
        'no sink carries functions: give otlp() the option signals: ["metrics", "traces"]',
        'no sink carries events of your own: give otlp() the option signals: ["metrics", "traces", "logs"]',
      ],
      6,
    ],
  ] as const) {
    const lines = listening(t);
    const counters = record(
      simulated({ sinks: sinks as CollectorOptions["sinks"] & {}, autoTick: false }).tide,
    );
    assert.deepEqual(
      lines,
      wanted.map((line) => `warn tidegate: ${line}`),
    );
    assert.equal(counters.uncarried, uncarried);
    assert.equal(counters.accepted, 12, "uncarried events are accepted");
    t.mock.restoreAll();
  }
});

test("an instrument that no sink carries says what to add, but only beside OTLP sinks", (t) => {
  const at = "http://127.0.0.1:1";
  for (const [sinks, wanted] of [
    [[], []],
    [[memorySink()], []],
    [[otlp({ url: at, signals: ["metrics"] })], []],
    [
      [otlp({ url: at })],
      ['no sink carries instruments: give otlp() the option signals: ["traces", "metrics"]'],
    ],
  ] as const) {
    const lines = listening(t);
    const { tide } = simulated({ sinks: sinks as CollectorOptions["sinks"] & {}, autoTick: false });
    for (let n = 0; n < 3; n += 1) tide.counter("orders").add(1, { n });
    assert.deepEqual(
      lines,
      wanted.map((line) => `warn tidegate: ${line}`),
    );
    t.mock.restoreAll();
  }
});

test("refusedBy says why, and sums to refused", async () => {
  const { tide, host } = simulated(() => ({}), "workers");
  const now = host.nowMs;
  tide.evt("early");
  tide.req("/early", "GET", 200, now);
  tide.configure({});
  for (const name of [undefined, null, 7, {}]) tide.evt(name as never);
  tide.req("/a", 3 as never, 200, now);
  tide.enqueue({ kind: "NONE" } as never);
  for (const status of ["200", {}, true]) tide.req("/a", "GET", status as never, now);
  tide.enqueue({ kind: "REQ", route: "/a", method: "GET", status: "404" as never, startMs: now });
  tide.req("/a", "GET", 200, Number.NaN);
  tide.fn("f", now, -1);
  tide.db("select 1", "now" as never);
  for (const status of [undefined, null, 0, 1e9, Number.NaN]) tide.req("/ok", "GET", status as never, now);
  await tide.close();
  tide.evt("late");
  tide.req("/late", "GET", 200, now);
  const counters = assertLaws(tide);
  const { refusedBy } = counters;
  const wanted = { closed: 2, unconfigured: 2, core: 0, entropy: 0, name: 6, status: 4, time: 3, request: 0 };
  assert.deepEqual(refusedBy, wanted);
  assert.equal(counters.accepted, 5, "a number that is no status is unknown");
  assert.deepEqual(
    Object.keys(simulated(() => ({}), "workers").tide.counters().refusedBy).sort(),
    Object.keys(wanted).sort(),
  );
});

test("what never gets options is unconfigured; what is closed before is closed", async (t) => {
  listening(t);
  const bad = simulated(() => ({ sampling: { rate: 2 } }), "workers").tide;
  bad.configure({});
  bad.evt("a");
  assert.equal(assertLaws(bad).refusedBy.unconfigured, 1);
  const never = simulated(() => ({}), "workers").tide;
  await never.close();
  never.evt("a");
  assert.equal(assertLaws(never).refusedBy.closed, 1);
  await settle();
});
