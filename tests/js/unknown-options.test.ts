/** What is no option, at any depth, is refused at construction with its name. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { analyticsEngine } from "../../js/sinks/analytics-engine.ts";
import { memorySink } from "../../js/sinks/memory.ts";
import { ndjson } from "../../js/sinks/ndjson.ts";
import { otlp } from "../../js/sinks/otlp.ts";
import { queueSink } from "../../js/sinks/queue.ts";
import { TidegateError } from "../../js/types/error.ts";
import type { CollectorOptions } from "../../js/types/index.ts";
import { simulated } from "./_engine.ts";

const url = "https://example.com/in";

/** What `make` throws: its code and its message. */
function refusal(make: () => unknown): [code: string, message: string] {
  try {
    make();
  } catch (thrown) {
    assert.ok(thrown instanceof TidegateError, String(thrown));
    return [thrown.code, thrown.message];
  }
  return assert.fail("nothing was thrown");
}

test("unknown options are refused by name, those of sinks too", () => {
  const collector = (options: object) => () => simulated(options as CollectorOptions);
  for (const [make, name] of [
    [() => ndjson({ url, header: {} } as never), "ndjson: header"],
    [() => ndjson({ url, Headers: {} } as never), "ndjson: Headers"],
    [() => ndjson({ url, signals: ["logs"] } as never), "ndjson: signals"],
    [() => otlp({ url, signal: ["logs"] } as never), "otlp: signal"],
    [() => otlp({ url, endpoint: "x" } as never), "otlp: endpoint"],
    [() => otlp({ url, header: undefined } as never), "otlp: header"],
    [() => memorySink({ max: 5 } as never), "memorySink: max"],
    [() => queueSink({ binding: "Q", queue: "Q" } as never), "queueSink: queue"],
    [() => analyticsEngine({ binding: "A", dataset: "A" } as never), "analyticsEngine: dataset"],
    [collector({ sink: [] }), "sink"],
    [collector({ sampling: { rates: 1 } }), "sampling.rates"],
    [collector({ sampling: { Exclude: ["/a"] } }), "sampling.Exclude"],
    [collector({ service: { title: "shop" } }), "service.title"],
    [collector({ logs: true }), "logs"],
  ] as const) {
    assert.deepEqual(refusal(make), ["config/unknown-option", `${name} is not an option`]);
  }
  Object.assign(Object.prototype, { header: {}, sink: [] });
  try {
    assert.equal(
      ndjson(Object.create({ header: {} }, Object.getOwnPropertyDescriptors({ url }))).name,
      "ndjson",
    );
    assert.equal(
      simulated({ sinks: [ndjson({ url })] }).tide.error,
      undefined,
      "what is inherited is no option",
    );
  } finally {
    for (const name of ["header", "sink"]) Reflect.deleteProperty(Object.prototype, name);
  }
});

test("an options function that is async is refused at once, one that returns a promise when it is called", async (t) => {
  t.mock.method(console, "error", () => {});
  for (const choose of [
    async () => ({}),
    async (env: object) => ({ sinks: [], ...env }),
    function* () {},
    async function* () {},
  ]) {
    const [code, message] = refusal(() => simulated(choose as never));
    assert.deepEqual(
      [code, message],
      ["config/type", "the options function must not be async: what it returns is needed at once"],
    );
  }
  for (const promise of [
    () => Promise.resolve({}),
    () => Promise.reject(new Error("secret")),
    () => ({ then: () => {} }),
  ]) {
    const { tide } = simulated(promise as never, "workers");
    tide.configure({});
    assert.match(String(tide.error), /config|options must not be a promise/);
    assert.equal((tide.error as TidegateError).code, "config/type");
  }
  assert.deepEqual(refusal(() => simulated(Promise.resolve({}) as never))[0], "config/type");
  await new Promise((resolve) => setImmediate(resolve));
});

test("log is true, false or debug; an override is a pair; a rule has no asterisk", () => {
  for (const log of ["info", "", 1, null, {}]) {
    const [code, message] = refusal(() => simulated({ log } as never));
    assert.equal(code, "config/type");
    assert.match(message, /^log must be /);
  }
  for (const log of [true, false, "debug", undefined] as const) {
    assert.equal(simulated({ log: log === "debug" ? false : log } as never).tide.error, undefined);
  }
  const [code, message] = refusal(() => simulated({ sampling: { overrides: [["/a", 1, "more"]] } } as never));
  assert.deepEqual([code, message], ["config/type", "sampling.overrides[0] must be [pattern, rate]"]);
  for (const options of [{ exclude: ["/static/*"] }, { overrides: [["/static/*", 0.5]] }] as const) {
    const [code, message] = refusal(() =>
      simulated({ sampling: options as CollectorOptions["sampling"] & {} }),
    );
    assert.equal(code, "config/sampling-rule");
    assert.ok(
      message.endsWith('a rule is a prefix: write "/static/", which also matches the template /static/*'),
      message,
    );
  }
});
