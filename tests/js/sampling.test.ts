import assert from "node:assert/strict";
import { test } from "node:test";
import * as sampling from "../../js/sampling.ts";
import { TidegateError } from "../../js/types/error.ts";
import { epoch, reset } from "../../js/wasm/instance.ts";
import { trapNext } from "./_engine.ts";

const { clampSamplingRate, compileOverrides, compileRules, getEffectiveRate, makeRng } = sampling;
const { shouldExcludeRoute, shouldRecordRequest, shouldSampleRequest } = sampling;

/** `run` throws `code`, with every one of `parts` in its message. */
function refuses(run: () => unknown, code: string, ...parts: string[]): void {
  assert.throws(run, (error) => {
    assert.ok(error instanceof TidegateError, String(error));
    assert.equal(error.code, code, error.message);
    for (const part of parts) assert.ok(error.message.includes(part), `${error.message} lacks ${part}`);
    return true;
  });
}

test("the names are DESIGN's, and no other", () => {
  assert.deepEqual(Object.keys(sampling).sort(), [
    "clampSamplingRate",
    "compileOverrides",
    "compileRules",
    "getEffectiveRate",
    "makeRng",
    "shouldExcludeRoute",
    "shouldRecordRequest",
    "shouldSampleRequest",
  ]);
});

test("a rate that is no number takes one draw and is not sampled", () => {
  for (const rate of [Number.NaN, undefined, "x", {}] as number[]) {
    let draws = 0;
    assert.equal(
      shouldSampleRequest(rate, () => {
        draws += 1;
        return 0;
      }),
      false,
    );
    assert.equal(draws, 1, String(rate));
  }
});

test("a rate outside [0, 1] throws; it is never clamped", () => {
  for (const rate of [-0.1, 1.1, Number.NaN, Number.POSITIVE_INFINITY, -Number.MIN_VALUE]) {
    refuses(() => clampSamplingRate(rate), "config/sampling-rate", String(rate));
  }
  for (const rate of ["0.5", null, undefined, {}, [0.5], 1n, Symbol("x"), true]) {
    refuses(() => clampSamplingRate(rate as number), "config/sampling-rate");
  }
  for (const rate of [0, 1, 0.25, Number.MIN_VALUE]) assert.equal(clampSamplingRate(rate), rate);
});

test("a bad rule names its index, the pattern and the reason", () => {
  const rules: [unknown[], string[]][] = [
    [
      ["/a", ""],
      ["1", '""', "empty"],
    ],
    [["re:"], ["0", "re:", "no regex"]],
    [
      ["/a", "/b", "re:("],
      ["2", "re:(", "does not compile"],
    ],
    [["re:(\\w{50}){50}"], ["0", "does not compile"]],
    [
      ["/a", 3],
      ["1", "3", "no string"],
    ],
    [[null], ["0", "null", "no string"]],
    [["/static/*"], ['write "/static/", which also matches the template /static/*']],
    [["re:/^\\/health$/i"], ['write "re:(?i)^/health$"']],
    [
      ["/a", /^\/health$/i],
      ["1", 'is a RegExp: write "re:(?i)^/health$"'],
    ],
    [[/a.b/gms], ['is a RegExp: write "re:a.b"']],
    [[/\/api\//], ['is a RegExp: write "re:/api/"']],
    [["re:^/(?!api)"], ["give x an override"]],
    [["re:(a)\\1"], ["write the text again"]],
    [
      ["/a", Symbol("x")],
      ["1", "symbol", "no string"],
    ],
  ];
  for (const [patterns, parts] of rules) {
    refuses(() => compileRules(patterns as string[]), "config/sampling-rule", "rule", ...parts);
    const pairs = patterns.map((pattern) => [pattern, 0.5]);
    refuses(() => compileOverrides(pairs as never), "config/sampling-rule", "override", ...parts);
  }
  for (const wrong of [undefined, null, "/a", {}, 5]) {
    refuses(() => compileRules(wrong as never), "config/sampling-rule", "array");
    refuses(() => compileOverrides(wrong as never), "config/sampling-rule", "array");
    refuses(() => compileOverrides([["/a", 1], wrong] as never), "config/sampling-rule", "override 1");
  }
});

test("a bad rate of an override names its index and the pattern", () => {
  for (const rate of [-1, 1.5, Number.NaN, "1", undefined, null]) {
    const pairs = [
      ["/a", 1],
      ["/b", rate],
    ] as never;
    refuses(() => compileOverrides(pairs), "config/sampling-rate", "override 1", "/b", "[0, 1]");
  }
});

test("what was not compiled is refused as such; a path that is none matches nothing", () => {
  const rules = compileRules(["/"]);
  const overrides = compileOverrides([["/", 0.25]]);
  for (const wrong of [["/a"], undefined, null, {}, "rules", overrides]) {
    refuses(() => shouldExcludeRoute("/a", wrong as never), "config/sampling-rule", "compileRules");
  }
  for (const wrong of [[["/a", 1]], undefined, rules]) {
    refuses(() => getEffectiveRate("/a", wrong as never, 1), "config/sampling-rule", "compileOverrides");
  }
  for (const path of [undefined, null, 5, {}, Symbol("x")]) {
    assert.equal(shouldExcludeRoute(path as never, rules), false);
    assert.equal(getEffectiveRate(path as never, overrides, 0.5), 0.5);
  }
  assert.equal(shouldExcludeRoute("/a", compileRules([])), false);
  assert.equal(getEffectiveRate("/a", compileOverrides([]), 0.5), 0.5);
});

test("compiled rules do not change with the array they came from", () => {
  const patterns = ["/a"];
  const rules = compileRules(patterns);
  patterns[0] = "re:(";
  reset(epoch());
  assert.equal(shouldExcludeRoute("/a", rules), true);
});

test("a draw equal to the rate is not sampled; 0 and 1 draw nothing", () => {
  const never = () => assert.fail("drawn");
  assert.equal(shouldSampleRequest(1, never), true);
  assert.equal(shouldSampleRequest(0, never), false);
  assert.equal(shouldSampleRequest(-1, never), false);
  assert.equal(
    shouldSampleRequest(0.5, () => 0.5),
    false,
  );
  assert.equal(
    shouldSampleRequest(0.5, () => 0.49999999999999994),
    true,
  );
});

test("an error is an error value or a high status; nothing is no error", () => {
  for (const nothing of [undefined, null]) {
    assert.equal(shouldRecordRequest(false, nothing, nothing, true), false);
    assert.equal(shouldRecordRequest(false, 500, nothing, true), true);
    assert.equal(shouldRecordRequest(false, nothing, {}, true), true);
  }
  for (const info of [{}, 0, "", false, new Error("x")]) {
    assert.equal(shouldRecordRequest(false, 200, info, true), true);
    assert.equal(shouldRecordRequest(false, 200, info, false), false);
  }
  assert.equal(shouldRecordRequest(false, 499, null, true), false);
  assert.equal(shouldRecordRequest(false, 404, null, true, 404), true);
  assert.equal(shouldRecordRequest(false, Number.NaN, null, true), false);
  assert.equal(shouldRecordRequest(true, undefined, undefined, false), true);
});

test("a seed out of range is refused", () => {
  const bad = [-1, 1.5, Number.NaN, 2 ** 53, -1n, 1n << 64n, "7", null, {}, true, Number.POSITIVE_INFINITY];
  for (const seed of bad) refuses(() => makeRng({ seed: seed as never }), "config/seed", "2^53-1");
  for (const seed of [0, 2 ** 53 - 1, 0n, (1n << 64n) - 1n])
    assert.equal(typeof makeRng({ seed })(), "number");
  assert.equal(makeRng({ seed: 7 })(), makeRng({ seed: 7n })());
  refuses(() => makeRng({ rng: 5 as never }), "config/type", "rng");
});

test("rng wins over seed and is handed out as it is", () => {
  const rng = () => 0.125;
  assert.equal(makeRng({ rng }), rng);
  assert.equal(makeRng({ rng, seed: 7 }), rng);
});

test("without a seed the host is asked at the first draw, once", (t) => {
  const asked = t.mock.method(crypto, "getRandomValues");
  const [one, other] = [makeRng(), makeRng({})];
  assert.equal(asked.mock.callCount(), 0);
  const draws = Array.from({ length: 100 }, () => one());
  assert.equal(asked.mock.callCount(), 1);
  assert.equal(new Set([...draws, other()]).size, 101);
  assert.ok(draws.every((draw) => draw >= 0 && draw < 1));
});

test("a host that has no randomness yet is asked again", (t) => {
  const rng = makeRng();
  const failing = t.mock.method(crypto, "getRandomValues", () => {
    throw new Error("not at global scope");
  });
  assert.throws(rng, /not at global scope/);
  failing.mock.restore();
  assert.ok(rng() < 1);
});

test("a replaced instance changes neither the rules nor the sequence", () => {
  const rules = compileRules(["/health", "re:\\.js$"]);
  const overrides = compileOverrides([["/api/", 0.25]]);
  const [rng, twin, unseeded] = [makeRng({ seed: 42 }), makeRng({ seed: 42 }), makeRng()];
  unseeded();
  const expected = Array.from({ length: 60 }, twin);
  for (let i = 0; i < 60; i += 1) {
    if (i % 7 === 5) reset(epoch());
    assert.equal(rng(), expected[i], `draw ${i}`);
    assert.equal(shouldExcludeRoute("/app.js", rules), true);
    assert.equal(getEffectiveRate("/api/x", overrides, 1), 0.25);
    assert.ok(unseeded() < 1);
  }
});

test("a trap within a call is made good", () => {
  const rules = compileRules(["/a"]);
  const rng = makeRng({ seed: 1 });
  const twin = makeRng({ seed: 1 });
  assert.equal(rng(), twin());
  trapNext("rules_matches");
  const before = epoch();
  assert.equal(shouldExcludeRoute("/a", rules), true);
  assert.equal(epoch(), before + 1);
  assert.equal(rng(), twin());
});

test("a host at the end of its own stack gets its own error, and nothing is reset", () => {
  const rules = compileRules(["/a"]);
  trapNext("rules_matches", new RangeError("Maximum call stack size exceeded"));
  const before = epoch();
  assert.throws(() => shouldExcludeRoute("/a", rules), RangeError);
  assert.equal(epoch(), before);
  const dig = (): void => {
    shouldExcludeRoute("/a", rules);
    dig();
  };
  assert.throws(dig, RangeError);
  assert.equal(shouldExcludeRoute("/a", rules), true);
});
