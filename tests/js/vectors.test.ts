/** The shared reference cases, `tests/vectors/*.json`, through the public functions. `tests/vectors.rs` is their twin. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { instrument } from "../../js/adapters/workers.ts";
import { memorySink } from "../../js/index.ts";
import * as sampling from "../../js/sampling.ts";
import type { SamplingOptions } from "../../js/types/index.ts";
import { assertLaws, settle, simulated } from "./_engine.ts";

/**
 * `[case, request]` of `request_flow` that differ: the reference samples at `draw <= rate`, ours at `draw < rate`,
 * and here the draw is the rate itself.
 */
const ON_THE_BOUNDARY: readonly (readonly [string, number])[] = [["override_order", 0]];

// biome-ignore lint/suspicious/noExplicitAny: JSON
type Json = any;

const read = (name: string): Json =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), "utf8"));

const { groups } = read("sampling.json");

/** Every case of `group`, at least one. */
function forEach(group: string, check: (name: string, input: Json, expected: Json) => void): void {
  assert.ok(groups[group].length > 0);
  for (const { name, input, expected } of groups[group]) check(name, input, expected);
}

test("every group of the vectors is tested", () => {
  assert.deepEqual(Object.keys(groups).sort(), [
    "clamp_sampling_rate",
    "get_effective_rate",
    "request_flow",
    "should_exclude_route",
    "should_record_request",
    "should_sample_request",
  ]);
});

test("rng: the draws of each seed", () => {
  const { cases } = read("rng.json");
  assert.ok(cases.length > 0);
  for (const { seed, draws } of cases) {
    const rng = sampling.makeRng({ seed: BigInt(seed) });
    for (const draw of draws) assert.equal(rng(), draw, `seed ${seed}`);
    if (!Number.isSafeInteger(Number(seed))) continue;
    assert.equal(sampling.makeRng({ seed: Number(seed) })(), draws[0], `seed ${seed} as a number`);
  }
});

test("clamp_sampling_rate", () => {
  forEach("clamp_sampling_rate", (name, { rate }, { ok }) => {
    assert.equal(sampling.clampSamplingRate(Number(rate)), ok, name);
  });
});

test("get_effective_rate", () => {
  forEach("get_effective_rate", (name, { overrides, path, default_rate }, { rate }) => {
    const compiled = sampling.compileOverrides(overrides);
    assert.equal(sampling.getEffectiveRate(path, compiled, Number(default_rate)), rate, name);
  });
});

test("should_exclude_route", () => {
  forEach("should_exclude_route", (name, { excludes, path }, { excluded }) => {
    assert.equal(sampling.shouldExcludeRoute(path, sampling.compileRules(excludes)), excluded, name);
  });
});

test("should_record_request", () => {
  forEach("should_record_request", (name, input, { record }) => {
    const { sampled, status_code, error_info, always_sample_errors, error_threshold } = input;
    const given = [sampled, status_code, error_info, always_sample_errors] as const;
    // A threshold of null is the default one.
    const threshold = error_threshold === null ? [] : [error_threshold];
    assert.equal(sampling.shouldRecordRequest(...given, ...threshold), record, name);
  });
});

test("should_sample_request", () => {
  forEach("should_sample_request", (name, { rate, rng_value }, { sampled, rng_calls }) => {
    let calls = 0;
    const rng = () => {
      calls += 1;
      return Number(rng_value);
    };
    assert.equal(sampling.shouldSampleRequest(Number(rate), rng), sampled, name);
    assert.equal(calls, rng_calls, name);
  });
});

/** The `sampling` options of a `request_flow` config; fails on a key that it does not know. */
function optionsOf(config: Json): SamplingOptions {
  const names: Record<string, string> = {
    sampling_rate: "rate",
    route_excludes: "exclude",
    route_overrides: "overrides",
    always_sample_errors: "alwaysSampleErrors",
    error_threshold: "errorThreshold",
  };
  const entries = Object.entries(config).filter(([, value]) => value !== null);
  return Object.fromEntries(
    entries.map(([key, value]) => {
      assert.ok(key in names, key);
      return [names[key], value];
    }),
  );
}

/** A collector that draws from `values`, behind an adapter, and what became of the last request. */
function flowOf(config: Json, values: readonly number[]) {
  const drawn: number[] = [];
  const left = [...values];
  const rng = () => {
    assert.ok(left.length > 0, "one draw too many");
    drawn.push(left.shift()!);
    return drawn.at(-1)!;
  };
  const memory = memorySink();
  const { tide, host } = simulated({ sampling: { ...optionsOf(config), rng }, sinks: [memory] }, "workers");
  const ctx = { waitUntil: () => {} };
  const play = async ({ path, route, status, raises }: Json) => {
    drawn.length = memory.events.length = 0;
    const answer = () => {
      if (raises !== undefined) throw Object.assign(new Error("of the app"), { name: raises });
      return new Response(null, { status });
    };
    const { fetch } = instrument(tide, { fetch: async () => answer() }, { route: () => route });
    const request = new Request(`https://example.com${path}`);
    let propagated: string | null = null;
    await (fetch as (...args: unknown[]) => Promise<Response>)(request, {}, ctx).catch((error: Error) => {
      propagated = error.name;
    });
    const flushed = tide.flush();
    await settle();
    await host.advance(100);
    await flushed;
    assertLaws(tide);
    // A request that throws has an exception beside it.
    const events = memory.events.filter(({ kind }) => kind === "REQ");
    return { propagated, drawn: [...drawn], events };
  };
  return { play, left };
}

test("request_flow: a whole collector behind an adapter", async () => {
  const deviations: (readonly [string, number])[] = [];
  for (const { name, input, expected } of groups.request_flow) {
    const { play, left } = flowOf(input.config, input.rng_values);
    assert.equal(input.requests.length, expected.results.length);
    let total = 0;
    for (const [index, request] of input.requests.entries()) {
      const result = expected.results[index];
      const where = `${name}#${index}`;
      const { propagated, drawn, events } = await play(request);
      total += drawn.length;
      assert.equal(drawn.length, result.rng_calls, where);
      assert.equal(propagated, result.propagated, where);
      if (ON_THE_BOUNDARY.some(([at, number]) => at === name && number === index)) {
        assert.ok(
          input.config.route_overrides.some(([, rate]: Json) => rate === drawn[0]),
          where,
        );
        assert.notEqual(events.length === 1, result.recorded, where);
        deviations.push([name, index]);
        continue;
      }
      assert.equal(events.length, result.recorded ? 1 : 0, where);
      const [event] = events;
      if (event === undefined) continue;
      assert.equal(event["kind"], "REQ");
      assert.equal(event["method"], result.event.method, where);
      assert.equal(event["status"], result.event.status, where);
      assert.equal(event["error"] ?? null, result.event.error, where);
      assert.equal(event["route"], request.route ?? templated(request.path), where);
    }
    assert.equal(total, expected.rng_total, name);
    assert.deepEqual(left, [], name);
  }
  assert.deepEqual(deviations, ON_THE_BOUNDARY);
});

/** A raw path is shown with `:id` for what looks like one. */
function templated(path: string): string {
  return path.replace(/\d+/g, (digits, at: number) => (path[at - 1] === "/" ? ":id" : digits));
}
