import assert from "node:assert/strict";
import { test } from "node:test";
import { FATAL, OK, outcomeOf, RETRY, retryAfterMs, TOO_LARGE } from "../../js/delivery/outcome.ts";
import { discard } from "../../js/delivery/reply.ts";

const NOW = Date.UTC(2026, 0, 1);

test("each value a sink may return is one outcome", () => {
  const cases: [unknown, object][] = [
    [undefined, { code: OK }],
    ["ok", { code: OK }],
    [{ ok: true }, { code: OK, value: 0 }],
    [
      { ok: true, rejected: 3 },
      { code: OK, value: 3 },
    ],
    [
      { ok: true, rejected: Number.NaN },
      { code: OK, value: 0 },
    ],
    ["retry", { code: RETRY }],
    [{ retryAfterMs: 500 }, { code: RETRY, value: 500 }],
    [{ retryAfterMs: -5 }, { code: RETRY }],
    [{ retryAfterMs: 0 }, { code: RETRY }],
    [{ retryAfterMs: Number.NaN }, { code: RETRY }],
    [{ retryAfterMs: Number.POSITIVE_INFINITY }, { code: RETRY, value: 600_000 }],
    ["too-large", { code: TOO_LARGE }],
  ];
  for (const [answer, outcome] of cases) assert.deepEqual(outcomeOf(answer, "ndjson", NOW), outcome);
});

test("anything else is fatal", () => {
  for (const answer of [
    "fatal",
    null,
    true,
    false,
    0,
    200,
    "OK",
    "",
    {},
    [],
    { ok: false },
    { ok: 1 },
    () => {},
  ]) {
    assert.deepEqual(outcomeOf(answer, "ndjson", NOW), { code: FATAL });
  }
});

test("a Response is read by its status, and the formats differ", () => {
  const codeOf = (status: number, format: "ndjson" | "otlp-traces-json") =>
    outcomeOf({ status, headers: new Headers() }, format, NOW).code;
  const table: [number, number, number][] = [
    [200, OK, OK],
    [202, OK, FATAL],
    [204, OK, FATAL],
    [301, FATAL, FATAL],
    [304, FATAL, FATAL],
    [400, FATAL, FATAL],
    [404, FATAL, FATAL],
    [408, RETRY, FATAL],
    [413, TOO_LARGE, TOO_LARGE],
    [425, RETRY, FATAL],
    [429, RETRY, RETRY],
    [500, RETRY, FATAL],
    [501, FATAL, FATAL],
    [502, RETRY, RETRY],
    [503, RETRY, RETRY],
    [504, RETRY, RETRY],
    // An opaque redirect, as `redirect: "manual"` gives it in browsers.
    [0, FATAL, FATAL],
  ];
  for (const [status, own, otlp] of table) {
    assert.equal(codeOf(status, "ndjson"), own, `ndjson ${status}`);
    assert.equal(codeOf(status, "otlp-traces-json"), otlp, `otlp ${status}`);
  }
});

test("Retry-After is seconds or a date, capped at ten minutes, and nonsense is no wish", () => {
  assert.equal(retryAfterMs("7", NOW), 7000);
  assert.equal(retryAfterMs(" 0 ", NOW), 0);
  assert.equal(retryAfterMs(new Date(NOW + 30_000).toUTCString(), NOW), 30_000);
  for (const nonsense of [null, "", "-1", "soon", "1.5"]) {
    assert.ok(Number.isNaN(retryAfterMs(nonsense, NOW)), String(nonsense));
  }
  const answer = new Response(null, { status: 503, headers: { "retry-after": "86400" } });
  assert.deepEqual(outcomeOf(answer, "ndjson", NOW), { code: RETRY, value: 600_000, status: 503 });
  const past = new Response(null, { status: 429, headers: { "retry-after": new Date(0).toUTCString() } });
  assert.deepEqual(outcomeOf(past, "ndjson", NOW), { code: RETRY, status: 429 });
  for (const none of ["0", "00", " 0 ", new Date(NOW).toUTCString()]) {
    const answer = new Response(null, { status: 503, headers: { "retry-after": none } });
    assert.deepEqual(outcomeOf(answer, "otlp-traces-json", NOW), { code: RETRY, status: 503 }, none);
  }
});

test("a body is read if it is known to be small, else canceled, and failing to do so harms nobody", async () => {
  const small = new Response("fine", { headers: { "content-length": "4" } });
  await discard(small);
  assert.ok(small.bodyUsed);
  let canceled = 0;
  const endless = new ReadableStream({ cancel: () => void (canceled += 1) });
  await discard(new Response(endless));
  assert.equal(canceled, 1);
  const locked = new Response(new ReadableStream());
  locked.body?.getReader();
  await discard(locked);
  await discard("no response at all");
});
