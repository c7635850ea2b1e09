/** What is measured: from the options, and from the environment where they leave it out. */
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { createCollector, memorySink, ndjson, otlp } from "../../js/index.ts";
import { pairsOf, variable } from "../../js/runtime/environment.ts";
import { TidegateError } from "../../js/types/error.ts";
import type { CollectorOptions } from "../../js/types/index.ts";
import { simulated } from "./_engine.ts";

const VARIABLES = ["SERVICE_NAME", "RESOURCE_ATTRIBUTES", "EXPORTER_OTLP_ENDPOINT", "EXPORTER_OTLP_HEADERS"];
const clean = () => {
  for (const name of VARIABLES) delete process.env[`OTEL_${name}`];
};
clean();
afterEach(clean);

const setEnv = (values: Record<string, string>) => {
  for (const [name, value] of Object.entries(values)) process.env[`OTEL_${name}`] = value;
};

interface Post {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Keeps what is posted. */
function receiver() {
  const posts: Post[] = [];
  const fetch = async (url: string, init: { headers: Record<string, string>; body: Uint8Array }) => {
    posts.push({ url, headers: init.headers, body: new TextDecoder().decode(init.body) });
    return new Response();
  };
  return { posts, fetch: fetch as never };
}

/** The resource of an OTLP batch, and an event as NDJSON and as an object. */
async function describedBy(options: Omit<CollectorOptions, "sinks">, kind?: "workers" | "browser") {
  const { posts, fetch } = receiver();
  const memory = memorySink();
  const url = "https://h/";
  const http = { url, fetch, gzip: false };
  const sinks = [ndjson(http), otlp({ ...http, encoding: "json" }), memory];
  const { tide } = simulated({ ...options, sinks }, kind);
  tide.req("/a", "GET", 200, 1_700_000_000_000, 1);
  await tide.flush();
  const [line, batch] = posts.map(({ body }) => JSON.parse(body.split("\n")[0] as string));
  const pairs: { key: string; value: { stringValue: string } }[] = batch.resourceSpans[0].resource.attributes;
  assert.equal(new Set(pairs.map(({ key }) => key)).size, pairs.length, "each key once");
  const resource = Object.fromEntries(pairs.map(({ key, value }) => [key, value.stringValue]));
  return { resource, line, event: memory.events[0], text: tide.metricsText() };
}

test("service and resource reach OTLP, every record and Prometheus", async () => {
  const service = {
    ...{ name: "shop", version: "1.2.3", namespace: "eu" },
    ...{ instanceId: "i-1", environment: "production" },
  };
  const { resource, line, event, text } = await describedBy({
    service,
    resource: { "cloud.region": "eu", "host.cores": 8, "9lives": true, "telemetry.distro.name": "mine" },
  });
  for (const [key, value] of Object.entries({
    ...{ "service.name": "shop", "service.version": "1.2.3", "service.namespace": "eu" },
    ...{ "service.instance.id": "i-1", "deployment.environment.name": "production" },
    ...{ "cloud.region": "eu", "host.cores": "8", "9lives": "true", "telemetry.sdk.language": "nodejs" },
  })) {
    assert.equal(resource[key], value, key);
  }
  for (const record of [line, event]) {
    assert.deepEqual([record.service, record.version, record.route], ["shop", "1.2.3", "/a"]);
  }
  assert.deepEqual(Object.keys(line).slice(0, 5), ["kind", "ts", "service", "version", "route"]);
  const labels = /^target_info\{(.*)\} 1$/m.exec(text)?.[1] ?? "";
  assert.deepEqual(
    new Set(labels.split(",")),
    new Set(
      (
        'service_name="shop",service_version="1.2.3",service_namespace="eu",service_instance_id="i-1",' +
        'deployment_environment_name="production",cloud_region="eu",host_cores="8",key_9lives="true"'
      ).split(","),
    ),
  );
});

test("without any of it nothing is invented but the language of the program", async () => {
  const { resource, line, text } = await describedBy({});
  assert.equal(resource["service.name"], "unknown_service");
  assert.match(resource["service.instance.id"] as string, /^[0-9a-f]{16}$/);
  assert.equal("service" in line || "version" in line, false);
  assert.equal(text.includes("target_info"), false);
  for (const [kind, language] of [
    ["workers", "webjs"],
    ["browser", "webjs"],
    [undefined, "nodejs"],
  ] as const) {
    const { resource } = await describedBy({}, kind);
    assert.equal(resource["telemetry.sdk.language"], language);
  }
});

test("OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES fill what the options leave out", async () => {
  setEnv({
    SERVICE_NAME: "from-env",
    RESOURCE_ATTRIBUTES:
      "service.name=ignored, service.version=9 ,team=a%20b%2Cc%3Dd,k%C3%A9y=%F0%9F%9A%A2,,empty=",
  });
  const { resource, line } = await describedBy({ resource: { team: "own" }, service: { namespace: "n" } });
  assert.deepEqual([line.service, line.version], ["from-env", "9"]);
  for (const [key, value] of Object.entries({
    ...{ "service.name": "from-env", "service.version": "9", "service.namespace": "n" },
    ...{ team: "own", kéy: "🚢", empty: "" },
  })) {
    assert.equal(resource[key], value, key);
  }
  const own = await describedBy({ service: { name: "own", version: "1" } });
  assert.deepEqual([own.line.service, own.line.version], ["own", "1"]);
  assert.equal(own.resource["team"], "a b,c=d");
  const given = await describedBy({ resource: { "service.name": "by-resource" } });
  assert.equal(given.line.service, "by-resource");
  setEnv({ SERVICE_NAME: " ", RESOURCE_ATTRIBUTES: "service.name=x" });
  assert.equal((await describedBy({})).line.service, "x");
});

test("a list that is none is ignored as a whole, with one line", async (t) => {
  for (const text of ["a=1,b", "a=1,=2", "a=1,b=%E0%A4%A", "%=1"]) {
    const warn = t.mock.method(console, "warn", () => {});
    setEnv({ RESOURCE_ATTRIBUTES: text });
    const { resource } = await describedBy({});
    assert.equal(resource["a"], undefined, text);
    assert.equal(warn.mock.callCount(), 1);
    assert.match(String(warn.mock.calls[0]?.arguments[0]), /OTEL_RESOURCE_ATTRIBUTES/);
    assert.equal(String(warn.mock.calls[0]?.arguments[0]).includes(text), false);
    warn.mock.restore();
  }
  assert.deepEqual(pairsOf("a=b=c, d = e ,"), [
    ["a", "b=c"],
    ["d", "e"],
  ]);
});

test("a function of env gets its variables from that env", async () => {
  const memory = memorySink();
  const { tide } = simulated(() => ({ sinks: [memory] }), "workers");
  tide.configure({ OTEL_SERVICE_NAME: "worker", OTEL_RESOURCE_ATTRIBUTES: "service.version=3" });
  tide.evt("x");
  await tide.flush();
  assert.deepEqual([memory.events[0]?.service, memory.events[0]?.version], ["worker", "3"]);
});

test("a variable that Deno would ask for is not read", () => {
  const globals = globalThis as { Deno?: unknown };
  const env = { OTEL_SERVICE_NAME: "x" };
  for (const [state, wanted] of [
    ["granted", "x"],
    ["prompt", undefined],
    ["denied", undefined],
  ] as const) {
    globals.Deno = { permissions: { querySync: () => ({ state }) } };
    try {
      assert.equal(variable(env, "OTEL_SERVICE_NAME"), wanted);
    } finally {
      delete globals.Deno;
    }
  }
  const throwing = new Proxy({}, { get: () => assert.fail("a trap") });
  for (const given of [undefined, null, {}, { OTEL_SERVICE_NAME: 5 }, throwing]) {
    assert.equal(variable(given, "OTEL_SERVICE_NAME"), undefined);
  }
});

/** What is posted of one request, if anything. */
async function posted({ tide, host }: ReturnType<typeof simulated>, posts: readonly Post[]) {
  tide.req("/a", "GET", 200, 1_700_000_000_000, 1);
  const flushed = tide.flush();
  await host.advance(5000);
  await flushed;
  return posts[0];
}

test("otlp() takes endpoint and headers of the environment, and its headers go to no other url", async () => {
  setEnv({
    EXPORTER_OTLP_ENDPOINT: "https://env.example/base/",
    EXPORTER_OTLP_HEADERS: "Authorization=Basic%20abc, x-team=a ,x-mine=env",
  });
  const { posts, fetch } = receiver();
  const own = simulated({ sinks: otlp({ fetch, headers: { "X-Mine": "own" } }) });
  const { url, headers } = (await posted(own, posts))!;
  assert.equal(url, "https://env.example/base/v1/traces");
  assert.deepEqual(
    [headers["authorization"], headers["x-team"], headers["x-mine"]],
    ["Basic abc", "a", "own"],
  );
  for (const url of ["https://own.example", "https://env.example/base/"]) {
    const { posts, fetch } = receiver();
    const { headers } = (await posted(simulated({ sinks: otlp({ url, fetch }) }), posts))!;
    assert.equal(headers["authorization"], undefined);
  }
  const worker = receiver();
  const sinks = () => ({ sinks: otlp({ fetch: worker.fetch }) });
  const ofWorker = simulated(sinks, "workers");
  ofWorker.tide.configure({ OTEL_EXPORTER_OTLP_ENDPOINT: "https://binding.example" });
  assert.equal((await posted(ofWorker, worker.posts))!.url, "https://binding.example/v1/traces");
});

test("bad endpoints and headers of the environment are told, and never shown", async () => {
  const hasCode = (code: string) => (error: unknown) => error instanceof TidegateError && error.code === code;
  assert.throws(() => otlp(), hasCode("config/sink-url"));
  assert.throws(() => otlp({ url: undefined }), hasCode("config/sink-url"));
  for (const endpoint of ["no url", "ftp://h", "https://u:secret@h", "https://h/v1/traces"]) {
    setEnv({ EXPORTER_OTLP_ENDPOINT: endpoint });
    assert.throws(
      () => otlp(),
      (error: unknown) => {
        assert.ok(hasCode("config/sink-url")(error) && !String(error).includes("secret"));
        return true;
      },
    );
    assert.throws(() => otlp({ url: undefined }), hasCode("config/sink-url"));
  }
  setEnv({ EXPORTER_OTLP_ENDPOINT: "https://h" });
  for (const headers of ["secret", "a=secret,b", "x=%E0%A4%A", "a=secret%0Ab", "b%20d=secret"]) {
    setEnv({ EXPORTER_OTLP_HEADERS: headers });
    const { posts, fetch } = receiver();
    const made = simulated({ sinks: otlp({ fetch }) });
    const messages: string[] = [];
    made.tide.on("error", ({ message }) => messages.push(message));
    assert.equal(await posted(made, posts), undefined, headers);
    assert.equal(
      messages.some((message) => message.includes("secret")),
      false,
    );
  }
});

test("bad service and resource options throw and name the option", () => {
  for (const [options, path] of [
    [{ service: { nmae: "x" } }, "service.nmae"],
    [{ service: { namespace: 5 } }, "service.namespace"],
    [{ resource: [] }, "resource"],
    [{ resource: { a: {} } }, "resource.a"],
    [{ resource: { a: null } }, "resource.a"],
    [{ resource: { "": "x" } }, "resource"],
    [
      {
        resource: {
          get a(): never {
            throw new Error("getter");
          },
        },
      },
      "resource.a",
    ],
  ] as const) {
    assert.throws(
      () => createCollector(options as never),
      (error: unknown) => error instanceof TidegateError && error.message.includes(path),
    );
  }
});

test("a variable that is of no use is said through `log`, and a console that throws harms nobody", (t) => {
  setEnv({ RESOURCE_ATTRIBUTES: "no pairs" });
  const warn = t.mock.method(console, "warn", () => {
    throw new Error("a bridge of the program's");
  });
  createCollector({ log: false });
  assert.equal(warn.mock.callCount(), 0, "silenced");
  createCollector({});
  assert.equal(warn.mock.callCount(), 1);
});
