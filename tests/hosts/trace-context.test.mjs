// The cases of the W3C's test harness for trace context, at strict level 2 and spec level 2, as our own: a request comes in,
// the program calls another service, and the headers of that call are read.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { withTide } from "../../pkg/dist/fetch.js";
import { listener } from "../../pkg/dist/node.js";
import { recorder, serving } from "./_host.mjs";

const TRACE = "12345678901234567890123456789012";
const SPAN = "1234567890123456";
const VALID = `00-${TRACE}-${SPAN}-00`;
const FORMAT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[0-3]$/;
const OWN_WAY = Symbol("a new trace");

const parent = (traceparent, trace) => ({ sent: [["traceparent", traceparent]], trace });
const goesOn = (traceparent) => parent(traceparent, TRACE);
const startsAnew = (traceparent) => parent(traceparent, OWN_WAY);
/** `headers` come beside a valid parent; `state` are the members that go on. */
const carries = (state, ...headers) => ({
  sent: [["traceparent", VALID], ...headers.map((value) => ["tracestate", value])],
  trace: TRACE,
  state,
});

const letters = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";
const range = (from, to) =>
  String.fromCharCode(...Array.from({ length: to - from + 1 }, (_, at) => from + at));
const anyValue = range(0x20, 0x2b) + range(0x2d, 0x3c) + range(0x3e, 0x7e);
const bars = (from, to) =>
  Array.from({ length: to - from + 1 }, (_, at) => String(from + at).padStart(2, "0")).map(
    (n) => `bar${n}=${n}`,
  );
const tens = (last) =>
  [bars(1, 10), bars(11, 20), bars(21, 30), bars(31, last)].map((list) => list.join(","));

const CASES = {
  "traceparent: none": [{ sent: [], trace: OWN_WAY }],
  "traceparent: valid": [goesOn(`00-${TRACE}-${SPAN}-01`)],
  "traceparent: twice": [
    {
      sent: [
        ["traceparent", `00-${TRACE.slice(1)}1-${SPAN}-01`],
        ["traceparent", `00-${TRACE}-${SPAN}-01`],
      ],
      trace: OWN_WAY,
    },
  ],
  "traceparent: other names": ["trace-parent", "trace.parent"].map((name) => ({
    sent: [[name, `00-${TRACE}-${SPAN}-01`]],
    trace: OWN_WAY,
  })),
  "traceparent: any case of the name": ["TraceParent", "TrAcEpArEnT", "TRACEPARENT"].map((name) => ({
    sent: [[name, `00-${TRACE}-${SPAN}-01`]],
    trace: TRACE,
  })),
  "traceparent: version 00 with more": [".", "-what-the-future-will-be-like", "-"].map((more) =>
    startsAnew(`00-${TRACE}-${SPAN}-01${more}`),
  ),
  "traceparent: version cc": [
    ...["", "-what-the-future-will-be-like"].map((more) => goesOn(`cc-${TRACE}-${SPAN}-01${more}`)),
    startsAnew(`cc-${TRACE}-${SPAN}-01.what-the-future-will-be-like`),
  ],
  "traceparent: version ff, or none": ["ff", ".0", "0.", "000", "0000", "0"].map((version) =>
    startsAnew(`${version}-${TRACE}-${SPAN}-01`),
  ),
  "traceparent: a bad trace id": [
    "0".repeat(32),
    `.${TRACE.slice(1)}`,
    `${TRACE.slice(1)}.`,
    `${TRACE}3`,
    TRACE.slice(1),
  ].map((trace) => startsAnew(`00-${trace}-${SPAN}-01`)),
  "traceparent: a bad parent id": [
    "0".repeat(16),
    `.${SPAN.slice(1)}`,
    `${SPAN.slice(1)}.`,
    `${SPAN}7`,
    SPAN.slice(1),
  ].map((span) => startsAnew(`00-${TRACE}-${span}-01`)),
  "traceparent: bad flags": [".0", "0.", "001", "1"].map((flags) =>
    startsAnew(`00-${TRACE}-${SPAN}-${flags}`),
  ),
  "traceparent: blanks around it": [" ", "\t", "\t "].flatMap((blank) => [
    goesOn(`${blank}00-${TRACE}-${SPAN}-01`),
    goesOn(`00-${TRACE}-${SPAN}-01${blank}`),
    goesOn(`${blank}00-${TRACE}-${SPAN}-01${blank}`),
  ]),
  "traceparent: the random flag goes on": ["02", "03"].map((flags) => ({
    ...goesOn(`00-${TRACE}-${SPAN}-${flags}`),
    isRandom: true,
  })),
  "tracestate: without a parent": ["foo=1", "foo=1,bar=2"].map((state) => ({
    sent: [["tracestate", state]],
    trace: OWN_WAY,
    state: [],
  })),
  "tracestate: valid": [carries(["foo=1", "bar=2"], "foo=1,bar=2")],
  "tracestate: other names": ["trace-state", "trace.state"].map((name) => ({
    sent: [
      ["traceparent", VALID],
      [name, "foo=1"],
    ],
    trace: TRACE,
    state: [],
  })),
  "tracestate: any case of the name": ["TraceState", "TrAcEsTaTe", "TRACESTATE"].map((name) => ({
    sent: [
      ["traceparent", VALID],
      [name, "foo=1"],
    ],
    trace: TRACE,
    state: ["foo=1"],
  })),
  "tracestate: empty headers": [
    carries([], ""),
    carries(["foo=1"], "foo=1", ""),
    carries(["foo=1"], "", "foo=1"),
    carries(["foo=1", "bar=2"], "foo=1", "", "bar=2"),
  ],
  "tracestate: several headers": [
    carries(["foo=1", "bar=2", "rojo=1", "congo=2", "baz=3"], "foo=1,bar=2", "rojo=1,congo=2", "baz=3"),
  ],
  "tracestate: a key twice": [
    carries(["foo=1"], "foo=1,foo=1"),
    carries(["foo=1"], "foo=1,foo=2"),
    carries(["foo=1"], "foo=1", "foo=1"),
    carries(["foo=1"], "foo=1", "foo=2"),
    carries(["bar=0", "foo=1", "baz=4"], "bar=0,foo=1,foo=2", "baz=4,bar=5"),
  ],
  "tracestate: all characters": [
    carries([`${letters}=${anyValue}`], `${letters}=${anyValue}`),
    carries([`${letters}@a-z0-9_-*/=${anyValue}`], `${letters}@a-z0-9_-*/=${anyValue}`),
  ],
  "tracestate: blanks": [
    carries(["foo=1", "bar=2", "baz=3"], "foo=1 \t , \t bar=2, \t baz=3"),
    carries(["foo=1", "bar=2", "baz=3"], "foo=1\t \t,\t \tbar=2,\t \tbaz=3"),
    ...[" foo=1", "\tfoo=1", "foo=1 ", "foo=1\t", "\t foo=1 \t"].map((state) => carries(["foo=1"], state)),
  ],
  "tracestate: bad keys": ["foo =1", "FOO=1", "foo.bar=1", "@foo=1,bar=2"].map((state) => carries([], state)),
  "tracestate: keys with @": ["foo@", "foo@@bar", "foo@bar@baz"].map((key) =>
    carries([`${key}=1`, "bar=2"], `${key}=1,bar=2`),
  ),
  "tracestate: 32 members and no more": [carries(bars(1, 32), ...tens(32)), carries([], ...tens(33))],
  "tracestate: keys of 256 characters and no more": [
    ...[
      "z".repeat(256),
      `${"t".repeat(241)}@${"v".repeat(14)}`,
      `${"t".repeat(242)}@v`,
      `t@${"v".repeat(15)}`,
    ].map((key) => carries(["foo=1", `${key}=1`], "foo=1", `${key}=1`)),
    carries([], "foo=1", `${"z".repeat(257)}=1`),
  ],
  "tracestate: bad values": ["foo=bar=baz", "foo=,bar=3"].map((state) => carries([], state)),
};

/** The calls of a program are answered here; their headers are kept. */
function callee() {
  const calls = [];
  const server = createServer(({ rawHeaders }, response) => {
    const values = (name) => rawHeaders.filter((_, at) => rawHeaders[at - 1]?.toLowerCase() === name);
    calls.push({ traceparents: values("traceparent"), tracestates: values("tracestate") });
    response.end();
  });
  return { server, calls };
}

/** Byte for byte as a client may send it. */
async function overTheWire(base, headers) {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  socket.write(["GET / HTTP/1.1", "Host: x", "Connection: close", ...lines, "", ""].join("\r\n"));
  socket.resume();
  await once(socket, "close");
}

const HOSTS = {
  "listener on Node": (tide, url, work) => {
    const program = async (_request, response) => {
      for (const _ of "123") await tide.fetch(url);
      response.end();
    };
    return serving(createServer(listener(tide, program)), (base) =>
      work((headers) => overTheWire(base, headers)),
    );
  },
  "withTide, of a Request": (tide, url, work) => {
    const handler = withTide(tide, async (request) => {
      for (const _ of "123") await tide.scope(request).fetch(url);
      return new Response();
    });
    return work((headers) => handler(new Request("http://x/", { headers })));
  },
};

function check({ sent, trace, state = [], isRandom = false }, calls) {
  const shown = JSON.stringify({ sent, calls });
  assert.equal(calls.length, 3, shown);
  const parents = calls.map(({ traceparents }) => traceparents);
  for (const [traceparent, ...others] of parents) {
    assert.match(String(traceparent), FORMAT, shown);
    assert.deepEqual(others, [], shown);
    if (isRandom) assert.equal(Number(`0x${traceparent.slice(53)}`) & 2, 2, shown);
  }
  const traces = new Set(parents.map(([traceparent]) => traceparent.slice(3, 35)));
  assert.equal(traces.size, 1, shown);
  if (trace === TRACE) assert.deepEqual([...traces], [TRACE], shown);
  else for (const [, value] of sent) assert.ok(![...traces].some((id) => value.includes(id)), shown);
  assert.equal(new Set([SPAN, ...parents.map(([traceparent]) => traceparent.slice(36, 52))]).size, 4, shown);
  for (const { tracestates } of calls) {
    const members = tracestates.flatMap((header) =>
      header.split(/[ \t]*,[ \t]*/).filter((member) => member !== ""),
    );
    assert.deepEqual(members, state, shown);
  }
}

for (const [host, start] of Object.entries(HOSTS)) {
  for (const [name, cases] of Object.entries(CASES)) {
    test(`${host}: ${name}`, async () => {
      const { tide } = recorder();
      const { server, calls } = callee();
      await serving(server, (url) =>
        start(tide, url, async (send) => {
          for (const one of cases) {
            calls.length = 0;
            await send(one.sent);
            check(one, calls);
          }
        }),
      );
      await tide.close();
    });
  }
}
