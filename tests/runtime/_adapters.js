// The adapters, in whatever runtime: every shape bare and measured, and what was recorded of it.
import { createCollector, memorySink } from "tidegate";
import { withTide } from "tidegate/fetch";
import { instrument } from "tidegate/workers";
import { brokenLaws } from "../../tools/laws.mjs";
import { shapes } from "./_shapes.js";

const ORIGIN = "https://shapes.example";
const ENV = { secret: 1 };
const context = () => ({ waitUntil: () => {}, passThroughOnException: () => {} });

/** How each adapter wraps a handler, and calls it as its host would. */
const ADAPTERS = {
  workers: (tide, handler, options) => instrument(tide, { fetch: handler }, options).fetch,
  fetch: (tide, handler, options) => withTide(tide, handler, options),
};

/** What came of a call, to the last byte, as text. */
async function outcome(call) {
  let response;
  try {
    response = await call();
  } catch (error) {
    return { threw: told(error), value: error };
  }
  if (!(response instanceof Response)) return { gave: told(response), value: response };
  try {
    return { ...(await described(response)), value: response };
  } catch (error) {
    return { unreadable: told(error), value: response };
  }
}

async function described(response) {
  const { status, statusText, type, redirected, bodyUsed, url } = response;
  const head = { status, statusText, type, redirected, bodyUsed, url, name: response.constructor.name };
  const extra = Object.keys(response).map((key) => [key, String(response[key])]);
  return { head, extra, headers: [...response.headers], chunks: await chunksOf(response) };
}

async function chunksOf(response) {
  if (response.bodyUsed || response.body === null) return [];
  const chunks = [];
  try {
    for (const reader = response.body.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) return chunks;
      chunks.push([value.length, digest(value)]);
    }
  } catch (error) {
    return [...chunks, told(error)];
  }
}

/** Of a large chunk every 61st byte: a shift or a change shows all the same. */
function digest(bytes) {
  let sum = 7;
  for (let at = 0; at < bytes.length; at += bytes.length > 4096 ? 61 : 1)
    sum = (Math.imul(sum, 31) + bytes[at]) >>> 0;
  return sum;
}

function told(value) {
  try {
    return `${typeof value} ${value?.name} ${value?.message ?? JSON.stringify(value)}`;
  } catch {
    return "hostile";
  }
}

/** One shape bare and measured: every difference, by name. */
async function differences(shape, wrap, tide) {
  const play = async (asMeasured) => {
    const seen = {};
    const own = { request: new Request(ORIGIN + shape.path, shape.init?.()), ctx: context() };
    const handler = (...args) => {
      seen.args = args.length;
      seen.same = args[0] === own.request && args[1] === ENV && args[2] === own.ctx && args[3] === "extra";
      try {
        const result = shape.handler(...args);
        if (result instanceof Promise) result.catch((error) => Object.assign(seen, { error }));
        else seen.made = result;
        return result;
      } catch (error) {
        seen.error = error;
        throw error;
      }
    };
    const call = asMeasured ? wrap(tide, handler) : handler;
    const result = await outcome(() => call(own.request, ENV, own.ctx, "extra"));
    const { value, ...came } = result;
    // The very Response that was made, the very error that was thrown.
    const identical =
      "error" in seen ? seen.error === value : !(seen.made instanceof Response) || seen.made === value;
    return {
      text: JSON.stringify({
        ...came,
        args: seen.args,
        same: seen.same,
        identical,
        used: own.request.bodyUsed,
      }),
      value,
    };
  };
  const [bare, measured] = [await play(false), await play(true)];
  const found = [];
  if (bare.text !== measured.text) found.push(`${shape.name}: ${bare.text} ≠ ${measured.text}`);
  return found;
}

/** In trouble: telemetry that cannot work must not be noticed. */
const TROUBLES = {
  "a sink that throws": {
    sinks: [
      {
        name: "bad",
        format: "ndjson",
        send: () => {
          throw new Error("sink");
        },
      },
    ],
  },
  "a clock that throws": {
    clock: () => {
      throw new Error("clock");
    },
  },
  "options that throw": () => {
    throw new Error("options");
  },
  "a context that throws": {
    context: {
      run: () => {
        throw new Error("context");
      },
      getStore: () => {
        throw new Error("store");
      },
    },
  },
};

const runtime = globalThis.Bun ? "bun" : globalThis.Deno ? "deno" : "other";
const played = shapes.filter(({ skip }) => skip?.[runtime] === undefined);

export async function transparency() {
  const complain = console.error;
  console.error = () => {};
  const found = [];
  try {
    for (const wrap of Object.values(ADAPTERS)) {
      const memory = memorySink();
      const tide = createCollector({ sinks: [memory], queueSize: 10_000, handleSignals: false });
      for (const shape of played) found.push(...(await differences(shape, wrap, tide)));
      await tide.flush();
      found.push(...brokenLaws(tide.counters()));
      const requests = memory.events.filter(({ kind }) => kind === "REQ");
      if (requests.length !== played.length)
        found.push(`${requests.length} requests of ${played.length} shapes`);
      await tide.close();
    }
    const few = played.filter((_, at) => at % 9 === 0);
    for (const [trouble, options] of Object.entries(TROUBLES)) {
      for (const wrap of Object.values(ADAPTERS)) {
        const tide = createCollector(options);
        const route = () => {
          throw new Error("route");
        };
        const wrapped = (_, handler) => wrap(tide, handler, { route });
        for (const shape of few)
          found.push(...(await differences(shape, wrapped, tide)).map((text) => `${trouble}: ${text}`));
        await tide.close();
      }
    }
  } finally {
    console.error = complain;
  }
  return { shapes: played.length, found };
}

/** What adapters record: names, outcomes, parents, exclusion, and the laws. */
export async function adapters() {
  const answers = {};
  for (const [name, wrap] of Object.entries(ADAPTERS)) answers[name] = await recorded(wrap);
  return answers;
}

async function recorded(wrap) {
  const memory = memorySink();
  const tide = createCollector({
    sinks: [memory],
    handleSignals: false,
    sampling: { exclude: ["/health"], overrides: [["/unsampled", 0]] },
  });
  const handler = async (request) => {
    const { pathname } = new URL(request.url);
    const scope = tide.scope(request);
    scope.evt("child", { path: pathname });
    await scope.time("work", async () => null);
    scope.set("seen", true);
    if (pathname === "/named") scope.route("/named/:by/scope");
    if (pathname.endsWith("/fail")) throw new TypeError("fails");
    return new Response("x", { status: pathname === "/missing" ? 404 : 200 });
  };
  const route = (request) => (request.url.endsWith("/route") ? "/route/:given" : undefined);
  const call = wrap(tide, handler, { route });
  const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const paths = [
    "/plain?q=1",
    "/users/42",
    "/route",
    "/named",
    "/missing",
    "/fail",
    "/health",
    "/unsampled",
    "/unsampled/fail",
  ];
  for (const path of paths) {
    const request = new Request(ORIGIN + path, {
      headers: path === "/users/42" ? { traceparent: parent } : {},
    });
    await Promise.resolve(call(request, ENV, context())).catch(() => {});
  }
  await tide.close();
  const { emitted, accepted, sampledOut, excluded, refused } = tide.counters();
  const requests = memory.events.filter(({ kind }) => kind === "REQ");
  const children = memory.events.filter(({ kind }) => kind !== "REQ");
  const under = (child) => requests.find(({ span_id }) => span_id === child.parent_id);
  return {
    counters: { emitted, accepted, sampledOut, excluded, refused },
    laws: brokenLaws(tide.counters()),
    requests: requests.map((event) => [
      event.route,
      event.method,
      event.status,
      event.error ?? null,
      event.p,
    ]),
    continued:
      requests[1]?.trace_id === parent.slice(3, 35) && requests[1]?.parent_id === parent.slice(36, 52),
    children: children.length,
    parented: children.filter((child) => under(child)?.trace_id === child.trace_id).length,
    attributes: requests.every(({ attributes }) => attributes.seen === true),
    stats: tide.stats().count,
  };
}
