// Who may read the dashboard, and how one logs in: over HTTP, against a real server.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { dashboard } from "../../pkg/dist/dashboard.js";
import { fixture } from "./_fixture.ts";
import { serve } from "./_serve.mjs";

const TOKEN = "correct horse battery staple";
const PATHS = ["", "stats.json", "metrics", "timeline.json?kind=REQ&name=x", "events"];

const login = (url, token, headers = {}) =>
  fetch(`${url}login`, {
    method: "POST",
    body: new URLSearchParams({ token }),
    redirect: "manual",
    headers: { origin: new URL(url).origin, ...headers },
  });
const cookieOf = (response) => response.headers.get("set-cookie").split(";")[0];
const statusOf = async (url, headers) => (await fetch(url, { headers, redirect: "manual" })).status;

/** Runs `work` with a dashboard of `options`, and stops it. */
async function withDashboard(options, work, source = fixture()) {
  const site = await serve(source, options);
  try {
    await work(site);
  } finally {
    await site.stop();
  }
}

let site;
before(async () => {
  site = await serve(fixture(), { token: TOKEN });
});
after(() => site.stop());

test("without a word on who may read everything is 404", async () => {
  for (const options of [undefined, {}, { token: "" }, { token: undefined }, { public: false }]) {
    await withDashboard(options ?? {}, async ({ url }) => {
      for (const path of PATHS) assert.equal(await statusOf(url + path), 404, path);
      assert.equal((await login(url, "")).status, 404);
    });
  }
});

test("public lets everybody in, also where there is a token too", async () => {
  await withDashboard({ public: true, token: TOKEN }, async ({ url }) => {
    for (const path of PATHS.filter((name) => name !== "events")) {
      assert.equal(await statusOf(url + path), 200, path);
    }
  });
});

test("authorize decides: true alone lets in; what throws or rejects refuses", async () => {
  const checks = {
    yes: () => true,
    later: async () => true,
    truthy: () => 1,
    throws: () => {
      throw new Error("no");
    },
    rejects: async () => {
      throw new Error("no");
    },
  };
  const authorize = (request) => checks[request.headers.get("x-check")]?.();
  await withDashboard({ authorize }, async ({ url }) => {
    for (const check of Object.keys(checks)) {
      const wanted = check === "yes" || check === "later" ? 200 : 401;
      assert.equal(await statusOf(`${url}stats.json`, { "x-check": check }), wanted, check);
    }
    const page = await fetch(url, { headers: { accept: "text/html" } });
    assert.deepEqual([page.status, await page.text()], [401, "Unauthorized\n"]);
  });
});

test("a bearer has to know the token to the last character", async () => {
  for (const path of PATHS.slice(0, -1)) {
    assert.equal(await statusOf(site.url + path, { authorization: `Bearer ${TOKEN}` }), 200, path);
    assert.equal(await statusOf(site.url + path), 401, path);
  }
  await withDashboard({ token: TOKEN }, async ({ url }) => {
    for (const wrong of [TOKEN.slice(1), `${TOKEN}x`, TOKEN.toUpperCase(), "", `Bearer ${TOKEN}`]) {
      const response = await fetch(`${url}stats.json`, { headers: { authorization: `Bearer ${wrong}` } });
      assert.equal(response.status, 401, wrong);
      assert.match(response.headers.get("www-authenticate"), /^Bearer/);
    }
    // A token in an address would be in logs: it means nothing there.
    assert.equal(await statusOf(`${url}stats.json?token=${encodeURIComponent(TOKEN)}`), 401);
  });
});

test("a token may have a line end, as a secret out of a file has", async () => {
  await withDashboard({ token: `${TOKEN}\n` }, async ({ url }) => {
    assert.equal(await statusOf(`${url}stats.json`, { authorization: `Bearer ${TOKEN}` }), 200);
    assert.equal((await login(url, TOKEN)).status, 303);
    assert.equal((await login(url, ` ${TOKEN} `)).status, 303);
  });
});

test("the login gives a cookie that scripts cannot read, that no other site can send, and that is not the token", async () => {
  const response = await login(site.url, TOKEN);
  assert.deepEqual([response.status, response.headers.get("location")], [303, "./"]);
  const cookie = response.headers.get("set-cookie");
  assert.match(cookie, /; Max-Age=43200; HttpOnly; SameSite=Strict$/);
  assert.ok(!cookie.includes(TOKEN) && !cookie.includes(encodeURIComponent(TOKEN)));
  assert.equal(await statusOf(`${site.url}stats.json`, { cookie: `a=b; ${cookieOf(response)}` }), 200);
  const secure = await login(site.url, TOKEN, { "x-forwarded-proto": "https" });
  assert.match(secure.headers.get("set-cookie"), /; Secure$/);
  const logout = await fetch(`${site.url}logout`, { method: "POST", redirect: "manual" });
  assert.match(logout.headers.get("set-cookie"), /^tidegate=; Max-Age=0/);
});

test("a cookie that has expired, or is signed by another, is none", async () => {
  const signed = (token, expiry) => {
    const signature = createHmac("sha256", token).update(`tidegate dashboard session until ${expiry}`);
    return `tidegate=${expiry}.${signature.digest("hex")}`;
  };
  const status = (cookie) => statusOf(`${site.url}stats.json`, { cookie });
  const [soon, past] = [Date.now() + 60_000, Date.now() - 1];
  assert.equal(await status(signed(TOKEN, soon)), 200);
  assert.equal(await status(signed(TOKEN, past)), 401);
  assert.equal(await status(signed("other", soon)), 401);
  assert.equal(await status(signed(TOKEN, soon).replace(String(soon), String(soon + 1))), 401);
  for (const value of ["", ".", `${soon}.`, `${soon}`, "1e99.x", "NaN.x"]) {
    assert.equal(await status(`tidegate=${value}`), 401, value);
  }
});

test("only the page's own form logs in", async () => {
  const from = (headers) => login(site.url, TOKEN, headers).then(({ status }) => status);
  assert.equal(await from({ "sec-fetch-site": "cross-site", origin: "https://evil.example" }), 403);
  assert.equal(await from({ "sec-fetch-site": "same-site" }), 403);
  assert.equal(await from({ origin: "https://evil.example" }), 403);
  assert.equal(await from({ origin: "null" }), 403);
  assert.equal(await from({ origin: "https://app.example", "x-forwarded-host": "app.example" }), 303);
  const long = await login(site.url, "x".repeat(5000));
  assert.equal(long.status, 413);
});

test("after ten wrong tokens none is looked at for a while; who is logged in stays", async () => {
  await withDashboard({ token: TOKEN }, async ({ url }) => {
    const cookie = cookieOf(await login(url, TOKEN));
    for (let n = 0; n < 10; n += 1) {
      const status =
        n % 2 === 0
          ? (await login(url, `wrong ${n}`)).status
          : await statusOf(`${url}stats.json`, { authorization: `Bearer wrong ${n}` });
      assert.equal(status, 401, n);
    }
    const limited = await login(url, TOKEN);
    assert.equal(limited.status, 429);
    const seconds = Number(limited.headers.get("retry-after"));
    assert.ok(seconds > 0 && seconds <= 60, seconds);
    assert.match(await limited.text(), /role="alert"/);
    assert.equal(await statusOf(`${url}stats.json`, { authorization: `Bearer ${TOKEN}` }), 429);
    assert.equal(await statusOf(`${url}stats.json`, { cookie }), 200);
  });
});

test("every answer is of the moment, guarded, and loads nothing from elsewhere", async () => {
  const headers = { authorization: `Bearer ${TOKEN}`, accept: "text/html" };
  for (const path of [...PATHS.slice(0, -1), "none", "login"]) {
    for (const sent of [headers, { accept: "text/html" }]) {
      const response = await fetch(site.url + path, { headers: sent, redirect: "manual" });
      assert.equal(response.headers.get("cache-control"), "no-store", path);
      const policy = response.headers.get("content-security-policy");
      assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
      assert.doesNotMatch(policy, /unsafe|\*|https?:/);
      assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    }
  }
  for (const sent of [headers, { accept: "text/html" }]) {
    const html = await (await fetch(site.url, { headers: sent })).text();
    assert.doesNotMatch(html, /https?:\/\/|style=|\son\w+=|<style|<script>/);
  }
});

test("files of the page have a hash in their name, and are kept", async () => {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const html = await (await fetch(site.url, { headers })).text();
  const files = [...html.matchAll(/(?:href|src)="((?:app|style|icon)\.[^"]+)"/g)].map(([, file]) => file);
  assert.equal(files.length, 3);
  for (const file of files) {
    assert.match(file, /^\w+\.[0-9a-f]{12}\.\w+$/);
    const response = await fetch(site.url + file);
    const etag = response.headers.get("etag");
    assert.equal(response.status, 200);
    assert.match(response.headers.get("cache-control"), /immutable/);
    assert.equal(await statusOf(site.url + file, { "if-none-match": etag }), 304);
  }
  const script = await (await fetch(site.url + files.find((file) => file.startsWith("app")))).text();
  assert.match(script, /The MIT License[\s\S]*Leon Sorokin/);
  assert.equal(await statusOf(`${site.url}app.000000000000.js`, headers), 404);
});

test("paths are those under the option path, with or without a proxy before", async () => {
  const ask = async (path, url) => {
    const handler = dashboard(fixture(), { public: true, ...(path && { path }) });
    const response = await handler(new Request(url));
    return [response.status, response.headers.get("location")];
  };
  assert.deepEqual(await ask(undefined, "http://h.example/tide"), [303, "tide/"]);
  assert.deepEqual(await ask("/a/b/", "http://h.example/a/b"), [303, "b/"]);
  assert.deepEqual(await ask("/a/b", "http://h.example/a/b/stats.json"), [200, null]);
  assert.deepEqual(await ask("/", "http://h.example/stats.json"), [200, null]);
  for (const path of ["/", "/tidex/", "/tide/x/", "/x/tide/", "//tide/"]) {
    assert.deepEqual(await ask(undefined, `http://h.example${path}`), [404, null], path);
  }
});

test("a path that is not ASCII, or begins with two slashes, is that of the request", async () => {
  for (const path of ["/über blick", "//double"]) {
    const page = dashboard(fixture(), { public: true, path });
    const { status } = await page(new Request(`http://h.example${path}/stats.json`));
    assert.equal(status, 200, path);
  }
});

test("methods: HEAD has no body, others than GET and POST are refused", async () => {
  const headers = { authorization: `Bearer ${TOKEN}` };
  for (const path of ["", "stats.json", "metrics"]) {
    const head = await fetch(site.url + path, { method: "HEAD", headers });
    assert.deepEqual([head.status, await head.text()], [200, ""]);
    assert.equal(head.headers.get("cache-control"), "no-store");
    for (const method of ["PUT", "DELETE", "POST"]) {
      assert.equal((await fetch(site.url + path, { method, headers })).status, 405, `${method} ${path}`);
    }
  }
});

test("a source that fails is 502, and says nothing of why", async () => {
  const failing = () => Promise.reject(new Error("secret"));
  const source = { view: failing, timeline: failing, metricsText: failing };
  await withDashboard(
    { public: true },
    async ({ url }) => {
      for (const path of ["stats.json", "metrics", "timeline.json?kind=REQ&name=x"]) {
        const response = await fetch(url + path);
        assert.equal(response.status, 502);
        assert.doesNotMatch(await response.text(), /secret/);
      }
      assert.equal(await statusOf(`${url}timeline.json?kind=NONE&name=x`), 400);
      assert.equal(await statusOf(`${url}events`), 404);
    },
    source,
  );
});

test("bad options and sources throw with a code", () => {
  const cases = [
    [{ token: 1 }, "config/type"],
    [{ authorize: "yes" }, "config/type"],
    [{ public: 1 }, "config/type"],
    [{ path: 7 }, "config/type"],
    [{ path: "tide" }, "config/path"],
    [{ path: "/tide?x" }, "config/path"],
    [{ tokens: "x" }, "config/unknown-option"],
    [null, "config/type"],
  ];
  for (const [options, code] of cases) {
    assert.throws(
      () => dashboard(fixture(), options),
      { name: "TidegateError", code },
      JSON.stringify(options),
    );
  }
  for (const source of [undefined, null, {}, { view() {} }, "x"]) {
    assert.throws(() => dashboard(source, { public: true }), { name: "TidegateError", code: "config/type" });
  }
});
