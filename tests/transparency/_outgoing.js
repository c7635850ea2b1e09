// What can be given to `fetch`, as data: each is sent bare and measured, and must arrive the same.
const encoder = new TextEncoder();
const streamOf = (...chunks) =>
  new ReadableStream({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(encoder.encode(chunk));
    },
  });
const form = () => {
  const data = new FormData();
  data.set("a", "ü");
  data.set("file", new Blob(["text"]), "name.txt");
  return data;
};

class WithGetters {
  #method = "PATCH";
  get method() {
    return this.#method;
  }
  get headers() {
    return { "x-own": "getter" };
  }
  get body() {
    return "from a getter";
  }
  get redirect() {
    return "manual";
  }
}
class MyRequest extends Request {
  extra = 1;
}
const hidden = (members) =>
  Object.defineProperties(
    {},
    Object.fromEntries(Object.entries(members).map(([k, value]) => [k, { value }])),
  );
const once = (value, other) => {
  let reads = 0;
  return () => {
    reads += 1;
    return reads === 1 ? value : other;
  };
};
const post = (body, more = {}) => ({ method: "POST", body, ...more });
const traced = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const aborted = () => {
  const controller = new AbortController();
  controller.abort(new RangeError("the caller's reason"));
  return controller.signal;
};
const abortedSoon = () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 30);
  return controller.signal;
};
async function used(url) {
  const request = new Request(url, post("used"));
  await request.text();
  return request;
}

/** By name: the arguments of one call. `url(path)` is on the server that echoes. */
export const outgoing = {
  text: (url) => [url("/echo"), undefined],
  URL: (url) => [new URL(url("/echo?q=1#f")), { method: "delete" }],
  "an object that says its address once": (url) => [{ toString: once(url("/echo"), "about:blank") }],
  "body: text": (url) => [url("/echo"), post("text")],
  "body: bytes": (url) => [url("/echo"), post(new Uint8Array([0, 255, 7]))],
  "body: blob": (url) => [url("/echo"), post(new Blob(["blob"], { type: "text/x-blob" }))],
  "body: parameters": (url) => [url("/echo"), post(new URLSearchParams({ a: "1 2" }))],
  "body: form": (url) => [url("/echo"), post(form())],
  "body: stream": (url) => [url("/echo"), post(streamOf("a", "b", "c"), { duplex: "half" })],
  "body of its own type": (url) => [url("/echo"), post("{}", { headers: { "Content-Type": "x/y" } })],
  "headers: pairs": (url) => [
    url("/echo"),
    {
      headers: [
        ["X-A", "1"],
        ["x-a", "2"],
      ],
    },
  ],
  "headers: Headers": (url) => [url("/echo"), { headers: new Headers({ "x-a": "1" }) }],
  "headers: an iterator": (url) => [url("/echo"), { headers: new Map([["x-a", "1"]]).entries() }],
  "headers: an iterator with a span": (url) => [
    url("/echo"),
    {
      headers: new Map([
        ["traceparent", traced],
        ["x-a", "1"],
      ]).entries(),
    },
  ],
  "headers: the caller's own span": (url) => [url("/echo"), { headers: { traceparent: traced } }],
  "headers: a text with an illegal character": (url) => [url("/echo"), { headers: { "x-a": "a\nb" } }],
  "headers: null": (url) => [url("/echo"), { headers: null }],
  "headers: undefined beside a request": (url) => [
    new Request(url("/echo"), { headers: { "x-a": "1" } }),
    { headers: undefined, method: "PUT" },
  ],
  "a getter that can be read once": (url) => [
    url("/echo"),
    Object.defineProperty({}, "method", { get: once("PUT", "GET"), enumerable: true }),
  ],
  request: (url) => [new Request(url("/echo"), { headers: { "x-a": "1" } })],
  "request with a body": (url) => [new Request(url("/echo"), post("text"))],
  "request with a stream": (url) => [new Request(url("/echo"), post(streamOf("a", "b"), { duplex: "half" }))],
  "request and an init": (url) => [new Request(url("/echo"), post("first")), { body: "second" }],
  "request and an empty init": (url) => [
    new Request(url("/echo"), { referrer: "https://example.com/page", method: "PUT" }),
    {},
  ],
  "request with a referrer": (url) => [new Request(url("/echo"), { referrer: "https://example.com/page" })],
  "request with a policy": (url) => [
    new Request(url("/echo"), { referrer: "https://example.com/page", referrerPolicy: "origin" }),
  ],
  "request of a subclass": (url) => [new MyRequest(url("/echo"), post("mine"))],
  "init: request": (url) => [
    url("/echo"),
    new Request(url("/other"), { method: "PUT", headers: { "x-a": "1" } }),
  ],
  "init: request with a text": (url) => [url("/echo"), new Request(url("/other"), post("text"))],
  "init: request with bytes": (url) => [url("/echo"), new Request(url("/other"), post(new Uint8Array(9)))],
  "init: request with a form": (url) => [url("/echo"), new Request(url("/other"), post(form()))],
  "init: request with a stream": (url) => [
    url("/echo"),
    new Request(url("/other"), post(streamOf("a", "b"), { duplex: "half" })),
  ],
  "init: request with a span": (url) => [
    url("/echo"),
    new Request(url("/other"), post("x", { headers: { traceparent: traced } })),
  ],
  "init: request of a subclass": (url) => [url("/echo"), new MyRequest(url("/other"), post("mine"))],
  "init: request, and another as input": (url) => [
    new Request(url("/echo"), { headers: { "x-a": "1" } }),
    new Request(url("/other"), post("init")),
  ],
  "init: request that was used": async (url) => [url("/echo"), await used(url("/other"))],
  "input: request that was used": async (url) => [await used(url("/echo"))],
  "init: class with getters": (url) => [url("/echo"), new WithGetters()],
  "init: inherited method": (url) => [url("/echo"), Object.create({ method: "PUT", body: "inherited" })],
  "init: inherited beside own": (url) => [
    url("/echo"),
    Object.assign(Object.create({ method: "PUT", headers: { "x-a": "1" } }), { body: "own" }),
  ],
  "init: hidden members": (url) => [url("/echo"), hidden({ method: "PUT", body: "hidden" })],
  "init: no prototype": (url) => [url("/echo"), Object.assign(Object.create(null), post("bare"))],
  "init: proxy": (url) => [
    url("/echo"),
    new Proxy(new WithGetters(), { get: (target, key) => Reflect.get(target, key, target) }),
  ],
  "init: null": (url) => [url("/echo"), null],
  "init: a number": (url) => [url("/echo"), 5],
  "init: a getter that throws": (url) => [
    url("/echo"),
    {
      get method() {
        throw new RangeError("mine");
      },
    },
  ],
  "redirect: follow": (url) => [url("/redirect"), undefined],
  "redirect: manual": (url) => [url("/redirect"), { redirect: "manual" }],
  "redirect: manual, of an init that is a request": (url) => [
    url("/redirect"),
    new Request(url("/other"), { redirect: "manual" }),
  ],
  "redirect: manual, of a request": (url) => [new Request(url("/redirect"), { redirect: "manual" })],
  "redirect: inherited": (url) => [url("/redirect"), Object.create({ redirect: "manual" })],
  "signal: aborted": (url) => [url("/echo"), { signal: aborted() }],
  "signal: inherited, aborted": (url) => [url("/echo"), Object.create({ signal: aborted() })],
  "signal: later": (url) => [url("/never"), { signal: abortedSoon() }],
  "signal: later, of an init that is a request": (url) => [
    url("/never"),
    new Request(url("/other"), { signal: abortedSoon() }),
  ],
  "signal: later, of a request": (url) => [new Request(url("/never"), { signal: abortedSoon() })],
  "a body for GET": (url) => [url("/echo"), { body: "x" }],
  "no address": () => ["http://", undefined],
};

/** A call whose signal was lost would never end. */
const HANGS_MS = 5000;

async function sendOne(send, args) {
  let timer;
  const hangs = new Promise((_, reject) => {
    timer = setTimeout(() => reject({ name: "it hangs" }), HANGS_MS);
  });
  try {
    const response = await Promise.race([send(...args), hangs]);
    const { status, redirected } = response;
    return { status, redirected, seen: JSON.parse((await response.text()) || "null") };
  } catch (error) {
    return { failed: error?.name };
  } finally {
    clearTimeout(timer);
  }
}

/** What differs, and how many calls carried a span of ours. */
export async function compareOutgoing(base, tide) {
  const url = (path) => base + path;
  const differing = [];
  let spans = 0;
  for (const [name, make] of Object.entries(outgoing)) {
    const bare = await sendOne(fetch, await make(url));
    const measured = await sendOne(tide.fetch, await make(url));
    const span = measured.seen?.traceparent;
    if (span !== undefined && span !== traced) {
      spans += 1;
      delete measured.seen.traceparent;
    }
    const texts = [bare, measured].map((seen) => JSON.stringify(seen));
    if (texts[0] !== texts[1]) differing.push({ name, bare, measured });
  }
  return { differing, spans };
}

if (globalThis.process?.env?.ECHO_URL !== undefined) {
  const { createCollector, memorySink } = await import("tidegate");
  const tide = createCollector({ sinks: [memorySink()], autoTick: false });
  console.log(JSON.stringify(await compareOutgoing(globalThis.process.env.ECHO_URL, tide)));
}
