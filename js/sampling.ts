/** The sampling rules without a collector. */

import { memberOf } from "./runtime/members.ts";
import { randomBytes } from "./runtime/secrets.ts";
import { TidegateError } from "./types/error.ts";
import { regexHint, seedOf, shown } from "./wasm/convert.ts";
import { Overrides, Rng, Rules } from "./wasm/generated/tidegate.js";
import { Resettable } from "./wasm/resettable.ts";

declare const COMPILED: unique symbol;

/** Compiled rules. Their memory in wasm is given back some time after nobody refers to them. */
export interface CompiledRules {
  readonly [COMPILED]: "rules";
}

/** Compiled overrides. Their memory in wasm is given back some time after nobody refers to them. */
export interface CompiledOverrides {
  readonly [COMPILED]: "overrides";
}

/** Options of `makeRng`. */
export interface RngOptions {
  /**
   * Makes the draws repeatable: an integer 0…2⁵³−1 or an unsigned 64-bit bigint.
   *
   * @default randomness of the host
   */
  readonly seed?: number | bigint | undefined;
  /** A source of your own, of numbers in [0, 1). It wins over `seed`. */
  readonly rng?: (() => number) | undefined;
}

const DEFAULT_ERROR_THRESHOLD = 500;

/** Longer paths are cut before they cross: a huge one could exhaust the memory. */
const PATH_MAX = 16_384;
/** More patterns than any program has. */
const LIST_MAX = 10_000;

/** The state of one xoshiro256++. */
const STATE_BYTES = 32;

const rulesOf: WeakMap<object, Resettable<Rules>> = new WeakMap();
const overridesOf: WeakMap<object, Resettable<Overrides>> = new WeakMap();

/**
 * Checks a sampling rate: a probability in [0, 1]. It never clamps, despite its name.
 *
 * Throws TidegateError `config/sampling-rate` for anything else.
 */
export function clampSamplingRate(rate: number): number {
  if (typeof rate === "number" && rate >= 0 && rate <= 1) return rate;
  const hint = "give a probability, 0 = none, 1 = all";
  throw new TidegateError("config/sampling-rate", `sampling rate ${shown(rate)} is not in [0, 1]: ${hint}`);
}

/**
 * Compiles exclude rules. `"/health"` is a case-sensitive prefix. `"re:^/static/"` is an unanchored regex search in the
 * [syntax of regex-lite](https://docs.rs/regex-lite/latest/regex_lite/#syntax), not JavaScript's: `(?i)` for the flag i,
 * no lookaround, no backreference. Its time is linear in the length of the path.
 *
 * Throws TidegateError `config/sampling-rule`, which names the rule's index, the pattern, the reason, and what to write.
 */
export function compileRules(patterns: readonly string[]): CompiledRules {
  const list = listOf(patterns, "rules", "config/sampling-rule");
  const copied = list.map((pattern, at) => textOf(pattern, "rule", at));
  return compiled(rulesOf, () => new Rules(copied)) as CompiledRules;
}

/**
 * Compiles `[pattern, rate]` overrides. Patterns are as in `compileRules`, rates are in [0, 1].
 *
 * Throws TidegateError `config/sampling-rule` or `config/sampling-rate`, which names the override's index, the pattern
 * and the reason.
 */
export function compileOverrides(overrides: readonly (readonly [string, number])[]): CompiledOverrides {
  const list = listOf(overrides, "overrides", "config/sampling-rule");
  const copied: string[] = [];
  const rates: number[] = [];
  list.forEach((entry, at) => {
    const [pattern, rate] = listOf(entry, `override ${at}`, "config/sampling-rule");
    copied.push(textOf(pattern, "override", at));
    // NaN is out of [0, 1]: the engine then names index and pattern.
    rates.push(typeof rate === "number" ? rate : Number.NaN);
  });
  return compiled(overridesOf, () => new Overrides(copied, rates)) as CompiledOverrides;
}

/** The rate of the first override that matches `path`, else `defaultRate`. Give the path without its query. */
export function getEffectiveRate(
  path: string,
  compiledOverrides: CompiledOverrides,
  defaultRate: number,
): number {
  const known = find(overridesOf, compiledOverrides, "compileOverrides");
  if (typeof path !== "string") return defaultRate;
  return known.use((overrides) => overrides.rate(path.slice(0, PATH_MAX), defaultRate));
}

/** Whether any rule matches `path`. Give the path without its query. Draws nothing. */
export function shouldExcludeRoute(path: string, compiledRules: CompiledRules): boolean {
  const known = find(rulesOf, compiledRules, "compileRules");
  if (typeof path !== "string") return false;
  return known.use((rules) => rules.matches(path.slice(0, PATH_MAX)));
}

/** Whether a request is sampled. A rate ≥ 1 or ≤ 0 draws nothing, any other, NaN too, exactly once. */
export function shouldSampleRequest(rate: number, rng: () => number): boolean {
  return rate >= 1 || (!(rate <= 0) && rng() < rate);
}

/**
 * Whether a finished request is recorded: sampled, or an error under `alwaysSampleErrors`.
 *
 * A request is an error if `errorInfo` is neither null nor undefined, or if its status is at least `errorThreshold`. So
 * `{}` is an error, and a missing status is none.
 */
export function shouldRecordRequest(
  sampled: boolean,
  statusCode: number | null | undefined,
  errorInfo: unknown,
  alwaysSampleErrors: boolean,
  errorThreshold: number = DEFAULT_ERROR_THRESHOLD,
): boolean {
  if (sampled) return true;
  const failed = typeof statusCode === "number" && statusCode >= errorThreshold;
  return alwaysSampleErrors && (failed || (errorInfo !== undefined && errorInfo !== null));
}

/**
 * A source of draws in [0, 1): `rng` itself if given, else xoshiro256++ of `seed`, the same in every runtime.
 *
 * Without either it is seeded by the host's randomness at the first draw: Workers forbid randomness at global scope.
 *
 * Throws TidegateError `config/seed` for a bad seed, `config/type` if `rng` is no function.
 *
 * @example
 * const rng = makeRng({ seed: 0 });
 * rng(); // 0.3245752680314067
 */
export function makeRng(options: RngOptions = {}): () => number {
  const [seed, rng] = membersOf(options);
  const start = seed === undefined ? undefined : seedOf(seed, "seed");
  if (rng !== undefined) {
    if (typeof rng === "function") return rng as () => number;
    throw new TidegateError("config/type", "rng must be a function");
  }
  const draws = drawsOf(start);
  return () => draws.use((generator) => generator.draw());
}

/** Own options, not those of every object. */
function membersOf(options: unknown): readonly [seed: unknown, rng: unknown] {
  try {
    return [memberOf(options, "seed"), memberOf(options, "rng")];
  } catch (cause) {
    throw new TidegateError("config/type", "the options of makeRng cannot be read", cause);
  }
}

/** When an instance fails, the draws go on where they were: their state is read from its memory. */
function drawsOf(seed: bigint | undefined): Resettable<Rng> {
  let address = 0;
  return new Resettable((dead) => {
    const rng =
      dead === undefined ? seeded(seed) : Rng.fromState(new Uint8Array(dead.buffer, address, STATE_BYTES));
    address = rng.statePtr();
    return rng;
  });
}

/** Where the host has no randomness yet, its error is the caller's. */
function seeded(seed: bigint | undefined): Rng {
  return seed === undefined ? Rng.fromState(randomBytes(STATE_BYTES)) : Rng.fromSeed(seed);
}

/** Compiles at once, so that a bad pattern throws at its maker. */
function compiled<T>(all: WeakMap<object, Resettable<T>>, make: () => T): object {
  const object = new Resettable(make);
  object.use(() => {});
  const handle = Object.freeze({});
  all.set(handle, object);
  return handle;
}

function find<T>(all: WeakMap<object, Resettable<T>>, handle: object, maker: string): Resettable<T> {
  const found = typeof handle === "object" && handle !== null ? all.get(handle) : undefined;
  if (found !== undefined) return found;
  throw new TidegateError("config/sampling-rule", `not compiled: give what ${maker} returned`);
}

function listOf(value: unknown, what: string, code: string): readonly unknown[] {
  let found = shown(value);
  try {
    if (Array.isArray(value) && value.length <= LIST_MAX) return Array.from(value);
    if (Array.isArray(value)) found = `one of ${value.length} entries`;
  } catch {
    found = "one that cannot be read";
  }
  throw new TidegateError(code, `sampling ${what} must be an array, not ${found}`);
}

function textOf(pattern: unknown, what: string, at: number): string {
  if (typeof pattern === "string") return pattern;
  const message = `sampling ${what} ${at} ${shown(pattern)}: ${regexHint(pattern) ?? "is no string"}`;
  throw new TidegateError("config/sampling-rule", message);
}
