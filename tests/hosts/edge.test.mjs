// `tidegate/fetch` where the host gives a place for work after the response: every way it may do so.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { withTide } from "../../pkg/dist/fetch.js";
import { checkContext, interleaved, recorder, told } from "./_host.mjs";

const VERCEL = Symbol.for("@vercel/request-context");
const request = (path = "/a/12345") => new Request(`https://example.com${path}`);
const place = () => {
  const tasks = [];
  return { tasks, waitUntil: (task) => void tasks.push(task) };
};

afterEach(() => {
  delete globalThis[VERCEL];
  delete globalThis.EdgeRuntime;
});

/** Plays one request through a handler that `work` wraps and calls; it is recorded. */
async function flushed(work) {
  const { tide, events } = recorder();
  const handler = () => new Response("hi");
  await work((options) => withTide(tide, handler, options));
  assert.deepEqual(told(await events(1)), [["GET", "/a/:id", 200]]);
}

test("Vercel: the context of the running request, by its registered symbol", async () => {
  const { tasks, waitUntil } = place();
  globalThis[VERCEL] = { get: () => ({ waitUntil }) };
  await flushed((wrap) => wrap()(request()));
  assert.equal(tasks.length, 1);
  await Promise.all(tasks);
});

test("Supabase and others: EdgeRuntime, whose waitUntil needs its this", async () => {
  const tasks = [];
  class Runtime {
    #tasks = tasks;
    waitUntil(task) {
      this.#tasks.push(task);
    }
  }
  globalThis.EdgeRuntime = new Runtime();
  await flushed((wrap) => wrap()(request()));
  assert.equal(tasks.length, 1);
});

test("Netlify, Vercel middleware: the argument that has a waitUntil, wherever it stands", async () => {
  for (const before of [[], [{ remoteAddr: {} }]]) {
    const { tasks, waitUntil } = place();
    await flushed((wrap) => wrap()(request(), ...before, { waitUntil }));
    assert.equal(tasks.length, 1);
  }
});

test("the option wins over an argument, and that over the host", async () => {
  const [option, argument, host] = [place(), place(), place()];
  globalThis[VERCEL] = { get: () => host };
  await flushed((wrap) => wrap({ waitUntil: option.waitUntil })(request(), argument));
  await flushed((wrap) => wrap()(request(), argument));
  assert.deepEqual([option.tasks.length, argument.tasks.length, host.tasks.length], [1, 1, 0]);
});

test("a host that offers nothing, or something broken: the response all the same", async () => {
  const broken = [
    undefined,
    { get: () => undefined },
    { get: () => ({ waitUntil: 1 }) },
    {
      get() {
        throw new Error("no request");
      },
    },
  ];
  for (const host of broken) {
    globalThis[VERCEL] = host;
    await flushed(async (wrap) => assert.equal(await (await wrap()(request())).text(), "hi"));
  }
  const throws = () => {
    throw new Error("too late");
  };
  await flushed(async (wrap) => assert.equal((await wrap({ waitUntil: throws })(request())).status, 200));
});

test("what the handler gives to waitUntil itself is its own", async () => {
  const { tasks, waitUntil } = place();
  const { tide, events } = recorder();
  const own = Promise.resolve("own");
  const handler = withTide(tide, (_request, context) => {
    context.waitUntil(own);
    return new Response(null, { status: 204 });
  });
  await handler(request(), { waitUntil });
  assert.equal(tasks[0], own);
  assert.deepEqual(told(await events(1)), [["GET", "/a/:id", 204]]);
});

test("the context is the request's own, many at a time", async () => {
  const record = recorder();
  const handler = withTide(record.tide, async (given) => {
    const number = new URL(given.url).pathname.split("/").at(-1);
    record.tide.scope(given).route(`/n/${number}`);
    return new Response(await interleaved(record.tide, number));
  });
  await checkContext(record, async (at) => (await handler(request(`/n/${at}`))).text());
});
