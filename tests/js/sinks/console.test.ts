// The console: JSON with a severity for platforms, and text for people.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { withTide } from "../../../js/adapters/fetch.ts";
import { consoleSink } from "../../../js/index.ts";
import { simulated } from "../_engine.ts";

// biome-ignore lint/suspicious/noExplicitAny: events of any shape
type Any = any;

const BASE = { ts: Date.UTC(2026, 0, 1, 13, 5, 9, 45), trace_id: "a".repeat(32), p: 1 };
const request = (more: Any = {}) => ({
  kind: "REQ",
  route: "/a",
  method: "GET",
  status: 200,
  dur_ms: 12.34,
  span_id: "1".repeat(16),
  ...BASE,
  ...more,
});
const child = (number: number, more: Any) => ({
  span_id: String(number).repeat(16),
  parent_id: "1".repeat(16),
  ...BASE,
  ts: BASE.ts + number,
  ...more,
});

/** What the sink writes, and by which method. */
function written(t: TestContext, events: Any[], options: Any, env: Any = {}): [string, string][] {
  const lines: [string, string][] = [];
  for (const method of ["log", "warn", "error"] as const) {
    t.mock.method(console, method, (text: string) => void lines.push([method, text]));
  }
  try {
    consoleSink(options).send(events, { env } as Any);
  } finally {
    t.mock.restoreAll();
  }
  return lines;
}

test("each event is one JSON object with its severity, written by the method of it", (t) => {
  const events = [
    request(),
    request({ status: 404 }),
    request({ status: 503 }),
    request({ error: "TypeError" }),
    child(2, { kind: "EVT", name: "exception", severity: "fatal" }),
    child(3, { kind: "EVT", name: "low", severity: "warn" }),
    child(4, { kind: "DB", summary: "SELECT a\nb", error: "E" }),
  ];
  const lines = written(t, events, undefined);
  assert.deepEqual(
    lines.map(([method, text]) => [method, JSON.parse(text).severity]),
    [
      ["log", "info"],
      ["log", "info"],
      ["error", "error"],
      ["error", "error"],
      ["error", "fatal"],
      ["warn", "warn"],
      ["error", "error"],
    ],
  );
  assert.ok(lines.every(([, text]) => !text.includes("\n")));
});

test("pretty: a request is one line, what happened in it is indented in order, also what nests deeper", (t) => {
  const events = [
    child(4, { kind: "EVT", name: "viewed", attributes: { items: 3, plan: "pro" } }),
    child(2, { kind: "FN", fn: "load" }),
    child(3, { kind: "DB", summary: "SELECT items", db_ms: 1500, rows: 1, parent_id: "2".repeat(16) }),
    request({ attributes: { user: "7" } }),
    child(5, { kind: "FN", fn: "alone", dur_ms: 0.26, parent_id: "9".repeat(16) }),
  ];
  assert.deepEqual(written(t, events, { pretty: true }, { NO_COLOR: "1" }), [
    [
      "log",
      [
        "13:05:09.045 GET /a 200 in 12ms user=7",
        "  ├─ load",
        "  │  └─ SELECT items in 1.50s 1 row",
        "  └─ viewed items=3 plan=pro",
      ].join("\n"),
    ],
    ["log", "13:05:09.050 alone in 0.3ms"],
  ]);
});

test("pretty: an error goes to console.error with its message and stack; so does an exception of a request", (t) => {
  const error = { error: "E", error_message: "why", error_stack: "    at f (a.ts:1:2)\n    at g" };
  const thrown = {
    kind: "EVT",
    name: "exception",
    severity: "error",
    attributes: { "exception.type": "E", "exception.message": "m", "exception.stacktrace": "at h" },
  };
  const lines = written(t, [request({ status: 500, ...error }), child(2, thrown)], { pretty: true });
  assert.deepEqual(lines, [
    [
      "error",
      [
        "13:05:09.045 GET /a 500 in 12ms E",
        "  │ why",
        "  │     at f (a.ts:1:2)",
        "  │     at g",
        "  └─ exception",
        "       m",
        "       at h",
      ].join("\n"),
    ],
  ]);
});

test("pretty: the exception by which a request failed is not said twice", async (t) => {
  const printed = t.mock.method(console, "error", () => {});
  const { tide } = simulated({ sinks: [consoleSink({ pretty: true })] });
  const worker = withTide(tide, (_: Request) => {
    tide.recordException(new RangeError("handled"), { handled: true });
    throw new TypeError("why");
  });
  assert.throws(() => worker(new Request("http://h/a")), TypeError);
  await tide.close();
  const text = String(printed.mock.calls[0]?.arguments[0]);
  assert.deepEqual(
    [text.split("why").length, text.split("handled").length, text.split("exception").length],
    [2, 2, 2],
  );
});

test("pretty: no text of an event steers the terminal", (t) => {
  const evil = "\u001b[2J\u0007\n\u009b31m\u202e\u2066\u2028";
  const event = request({
    route: `/${evil}`,
    error: evil,
    error_message: evil,
    attributes: { [evil]: evil },
  });
  const [[, text = ""] = []] = written(t, [event, child(2, { kind: "FN", fn: evil })], { pretty: true });
  assert.deepEqual(
    text.split(/[ -~\u00a0-\uffff]*/).filter((rest) => rest !== "" && rest !== "\n"),
    [],
  );
  assert.doesNotMatch(text, /[\u200e\u200f\u2028-\u202e\u2066-\u2069]/);
});

test("pretty: colors on a terminal alone, unless NO_COLOR or FORCE_COLOR say otherwise", (t) => {
  const { isTTY } = process.stdout;
  const isColored = (tty: boolean | undefined, env: object) => {
    process.stdout.isTTY = tty as boolean;
    return written(
      t,
      [request()],
      { pretty: true },
      { NO_COLOR: "", FORCE_COLOR: "", ...env },
    )[0]?.[1].includes("\u001b[");
  };
  try {
    assert.deepEqual(
      [
        isColored(true, {}),
        isColored(false, {}),
        isColored(undefined, {}),
        isColored(true, { NO_COLOR: "1" }),
        isColored(false, { FORCE_COLOR: "1" }),
        isColored(true, { FORCE_COLOR: "0" }),
        isColored(true, { FORCE_COLOR: "1", NO_COLOR: "1" }),
      ],
      [true, false, false, false, true, false, false],
    );
  } finally {
    process.stdout.isTTY = isTTY;
  }
});

test("on Workers pretty holds in development; deployed, logs are JSON", (t) => {
  const globals = globalThis as Any;
  const { NODE_ENV } = process.env;
  globals.WebSocketPair = class {};
  try {
    for (const [mode, isPretty] of [
      ["development", true],
      ["production", false],
      ["test", false],
    ] as const) {
      process.env["NODE_ENV"] = mode;
      const [[, text = ""] = []] = written(t, [request()], { pretty: true });
      assert.equal(text.startsWith("{"), !isPretty, mode);
    }
  } finally {
    delete globals.WebSocketPair;
    if (NODE_ENV === undefined) delete process.env["NODE_ENV"];
    else process.env["NODE_ENV"] = NODE_ENV;
  }
});

test("an option that is no boolean is refused", () => {
  for (const pretty of [1, "yes", null, {}]) {
    assert.throws(() => consoleSink({ pretty } as Any), { code: "config/sink", message: /pretty/ });
  }
});
