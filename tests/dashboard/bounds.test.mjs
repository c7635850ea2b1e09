// What ends by itself: streams, sessions, and the time in which no token is looked at. The clock is the test's.
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { dashboard } from "../../pkg/dist/dashboard.js";
import { createCollector } from "../../pkg/dist/inline.js";

const STREAMS = 16;
const URL_OF = (name) => `http://h.example/tide/${name}`;

beforeEach(() => mock.timers.enable({ apis: ["Date", "setTimeout"], now: 1_800_000_000_000 }));
afterEach(() => mock.timers.reset());

/** Asks for a stream and reads its first event. */
async function stream(page) {
  const { status, body } = await page(new Request(URL_OF("events")));
  const reader = status === 200 ? body.getReader() : undefined;
  await reader?.read();
  return { status, reader };
}

test("a stream has an event every 2 s, and ends after 5 minutes", async () => {
  const page = dashboard(createCollector({}), { public: true });
  const { reader } = await stream(page);
  for (let seconds = 2; seconds < 300; seconds += 2) {
    const next = reader.read();
    mock.timers.tick(2000);
    assert.equal((await next).done, false, `${seconds} s`);
  }
  const last = reader.read();
  mock.timers.tick(2000);
  assert.equal((await last).done, true);
});

test("streams that nobody reads make room after half a minute, and fail", async () => {
  const page = dashboard(createCollector({}), { public: true });
  const streams = [];
  for (let n = 0; n < STREAMS; n += 1) streams.push(await stream(page));
  assert.equal((await stream(page)).status, 503);
  // Other than its first event, which is in the hands of whoever asked for it, an event waits to be read.
  mock.timers.tick(29_999);
  assert.equal((await stream(page)).status, 503);
  mock.timers.tick(1);
  for (const { reader } of streams) await assert.rejects(reader.read(), /nobody reads/);
  assert.equal((await stream(page)).status, 200);
});

const formOf = (token) => {
  const body = new URLSearchParams({ token }).toString();
  const headers = {
    "content-type": "application/x-www-form-urlencoded",
    "content-length": String(body.length),
  };
  return new Request(URL_OF("login"), { method: "POST", body, headers });
};

test("a session ends after 12 hours", async () => {
  const page = dashboard(createCollector({}), { token: "s3cret" });
  const cookie = (await page(formOf("s3cret"))).headers.get("set-cookie").split(";")[0];
  const status = async () => (await page(new Request(URL_OF("stats.json"), { headers: { cookie } }))).status;
  assert.equal(await status(), 200);
  mock.timers.tick(12 * 3_600_000 - 1);
  assert.equal(await status(), 200);
  mock.timers.tick(1);
  assert.equal(await status(), 401);
});

test("tokens are looked at again when the minute is over, and after a clock that was set back", async () => {
  const page = dashboard(createCollector({}), { token: "s3cret" });
  const status = async (token) => (await page(formOf(token))).status;
  const fail = async () => {
    for (let n = 0; n < 10; n += 1) assert.equal(await status("wrong"), 401);
    assert.equal(await status("s3cret"), 429);
  };
  await fail();
  mock.timers.tick(59_999);
  assert.equal(await status("s3cret"), 429);
  mock.timers.tick(1);
  assert.equal(await status("s3cret"), 303);
  await fail();
  mock.timers.setTime(1_700_000_000_000);
  assert.equal(await status("s3cret"), 303);
});
