// What handlers may be asked and answer, as data: each is played bare and measured, and must come out the same.
const encoder = new TextEncoder();
function bytes(length, seed = 1) {
  const made = new Uint8Array(length);
  for (let at = 0; at < length; at += 1) made[at] = (at * 31 + seed * 7) % 251;
  return made;
}
const streamOf = (chunks, end = "close") =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks)
        controller.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
      if (end === "close") controller.close();
      if (end === "error") controller.error(new RangeError("the stream broke"));
    },
  });
const lazyStream = (count) => {
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      await null;
      at += 1;
      if (at > count) controller.close();
      else controller.enqueue(encoder.encode(`chunk ${at}\n`));
    },
  });
};
class Custom extends Response {
  extra = "kept";
}
class Failure extends Error {
  name = "Failure";
  status = 418;
}
const shared = new Error("the same each time");
const ok = (text = "ok") => new Response(text);
const get = (name, handler, skip) => ({ name, path: "/shape", handler, skip });
const status = (code, body = null) => get(`status ${code}`, () => new Response(body, { status: code }));
/** Made when it is thrown: workerd allows no Response at global scope. */
const throws = (name, make) => [
  get(`throws ${name}`, () => {
    throw make();
  }),
  get(`rejects with ${name}`, () => Promise.reject(make())),
];
const echo = async (request) =>
  new Response(await request.arrayBuffer(), {
    headers: { "x-method": request.method, "x-type": `${request.headers.get("content-type")}` },
  });
const posted = (name, init, handler = echo) => ({
  name,
  path: "/shape",
  init: () => ({ method: "POST", ...init() }),
  handler,
});

const statuses = [
  200, 201, 202, 203, 205, 206, 226, 300, 400, 401, 403, 404, 409, 410, 418, 422, 429, 451, 500, 501, 503,
  599,
];
const empty = new Set([204, 205, 304]);

export const shapes = [
  ...statuses.map((code) => status(code, empty.has(code) ? null : `status ${code}`)),
  status(204),
  status(304),
  get("status text", () => new Response("x", { status: 299, statusText: "Quite Fine" })),
  get("redirect 302", () => Response.redirect("https://example.com/there", 302)),
  get(
    "redirect 307 by hand",
    () => new Response(null, { status: 307, headers: { location: "/there?x=1#y" } }),
  ),
  get("error response", () => Response.error()),
  get("json", () => Response.json({ a: [1, null, "ü"] }, { status: 201 })),
  get("empty text", () => ok("")),
  get("null body", () => new Response(null)),
  get("unicode text", () => ok("größe 🚢 \u2028")),
  get("bytes", () => new Response(bytes(1000))),
  get("array buffer", () => new Response(bytes(300).buffer)),
  get("blob with a type", () => new Response(new Blob(["blob"], { type: "text/x-shape" }))),
  get("form", () => new Response(new URLSearchParams({ a: "1", b: "ü" }))),
  get("five megabytes", () => new Response(bytes(5_000_000))),
  get("stream at once", () => new Response(streamOf(["a", "bc", "def"]))),
  get("stream by and by", () => new Response(lazyStream(5))),
  get("stream of bytes", () => new Response(streamOf([bytes(10), bytes(70_000, 2)]))),
  get("empty stream", () => new Response(streamOf([]))),
  get("stream that breaks", () => new Response(streamOf(["before"], "error"))),
  get("two cookies", () => {
    const headers = new Headers({ "x-one": "1" });
    headers.append("set-cookie", "a=1; Path=/");
    headers.append("set-cookie", "b=2");
    return new Response("x", { headers });
  }),
  get("repeated headers", () => {
    const headers = new Headers();
    for (const value of ["1", "2", "3"]) headers.append("x-many", value);
    return new Response("x", { headers });
  }),
  get(
    "header case and blanks",
    () => new Response("x", { headers: { "X-MiXeD": "  padded  ", "x-empty": "" } }),
  ),
  get(
    "content type kept",
    () => new Response("{}", { headers: { "content-type": "application/problem+json; charset=utf-8" } }),
  ),
  get(
    "etag and vary",
    () =>
      new Response("x", { headers: { etag: '"abc"', vary: "accept, origin", "cache-control": "no-store" } }),
  ),
  get("server timing of its own", () => new Response("x", { headers: { "server-timing": "db;dur=1" } })),
  get("subclass of Response", () => new Custom("custom")),
  get("clone of a response", () => ok("cloned").clone()),
  get("body already read", async () => {
    const response = ok("gone");
    await response.text();
    return response;
  }),
  get("sync", () => ok("sync")),
  get("async", async () => ok("async")),
  get("a thenable", () => ({ then: (resolve) => void resolve(ok("thenable")) }), {
    bun: "Bun itself answers 204 to a thenable that is no Promise; measured, the handler's response arrives",
  }),
  get("a late promise", () => new Promise((resolve) => setTimeout(resolve, 5, ok("late")))),
  get("undefined", () => undefined),
  get("null", () => null),
  get("a text", () => "no response"),
  get("a plain object", () => ({ status: 201, body: "x" })),
  get("frozen", () => Object.freeze(ok("frozen"))),
  ...throws("an Error", () => new Error("plain")),
  ...throws("a TypeError", () => new TypeError("typed")),
  ...throws("an error of a class", () => new Failure("own")),
  ...throws("a text", () => "a text"),
  ...throws("undefined", () => undefined),
  ...throws("null", () => null),
  ...throws("an object", () => ({ code: 7 })),
  ...throws("a Response", () => new Response("thrown", { status: 403 })),
  ...throws("the same error again", () => shared),
  get("an error with a cause", () => Promise.reject(new Error("outer", { cause: shared }))),
  get("a hostile error", () =>
    Promise.reject(
      Object.defineProperty({}, "name", {
        get: () => {
          throw shared;
        },
      }),
    ),
  ),
  posted("text body", () => ({ body: "größe" })),
  posted("json body", () => ({ body: '{"a":1}', headers: { "content-type": "application/json" } })),
  posted("bytes body", () => ({ body: bytes(100_000) })),
  posted("empty body", () => ({ body: "" })),
  posted("no body", () => ({})),
  {
    ...posted("form body", () => ({ body: new URLSearchParams({ a: "1" }) })),
    skip: { bun: "a form's content type is there only once some header has been read, in bare Bun too" },
  },
  posted(
    "body left unread",
    () => ({ body: "unread" }),
    () => ok(),
  ),
  posted(
    "body read in part",
    () => ({ body: bytes(10_000) }),
    async (request) => {
      const reader = request.body?.getReader();
      const { value } = (await reader?.read()) ?? {};
      await reader?.cancel();
      return ok(`${value === undefined}`);
    },
  ),
  ...["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "PROPFIND"].map((method) => ({
    name: `method ${method}`,
    path: "/shape",
    init: () => ({ method }),
    handler: (request) =>
      new Response(null, { headers: { "x-method": request.method, "content-length": "0" } }),
  })),
  get("a long path", (request) => ok(request.url), `/${"segment/".repeat(200)}`),
  get("an encoded path", (request) => ok(new URL(request.url).pathname), "/a%2Fb/%C3%BC/%20%25"),
  get("double slashes", (request) => ok(new URL(request.url).pathname), "//double//slashes//"),
  get("a lone question mark", (request) => ok(request.url), "/path?"),
  get("a long query", (request) => ok(new URL(request.url).search), `/path?${"x=1&".repeat(300)}`),
  get("a path like an id", (request) => ok(request.url), "/users/123e4567-e89b-12d3-a456-426614174000/42"),
  {
    name: "headers of the request",
    path: "/shape",
    init: () => ({ headers: { traceparent: "garbage", "x-a": "b" } }),
    handler: (request) =>
      ok(JSON.stringify([request.headers.get("traceparent"), request.headers.get("x-a")])),
  },
];
