/** Checks the types and names of options; ranges are the engine's to check. Parsed once, sound afterwards. */
import { fromEngine, isFullStack, TidegateError } from "./errors.ts";
import type { HostKind } from "./runtime/port.ts";
import type { CollectorOptions, ContextStorage, Sink } from "./types.ts";
import type { EngineOptions } from "./wasm/generated/tidegate.js";

/** What the shim keeps of the options; the rest went to the engine. */
export interface Settings {
  readonly sinks: readonly Sink[];
  readonly autoTick: boolean;
  readonly handleSignals: boolean;
  readonly clock: (() => number) | undefined;
  readonly context: ContextStorage | undefined;
  readonly rng: (() => number) | undefined;
  /** Gives the engine its part, and what `host` is. Throws TidegateError naming the option. */
  describe(engine: EngineOptions, host: HostKind): void;
}

type Kind = "number" | "boolean" | "string" | "function" | "object" | "array" | "bigint";
type Shape = Readonly<Record<string, readonly Kind[]>>;
type Values = Readonly<Record<string, unknown>>;

const NUMBERS = [
  "queueSize",
  "queueBytes",
  "flushIntervalMs",
  "batchMax",
  "maxConsecutiveSinkFailures",
  "closeTimeoutMs",
  "flushDeadlineMs",
  "leaseMs",
  "retryBaseMs",
  "retryMaxMs",
  "sinkProbeMs",
  "statsSeries",
] as const;

const SHAPE: Shape = {
  ...Object.fromEntries(NUMBERS.map((name) => [name, ["number"]])),
  service: ["object"],
  sinks: ["array"],
  sampling: ["object"],
  autoTick: ["boolean"],
  clock: ["function"],
  context: ["object", "function"],
  handleSignals: ["boolean"],
};
const SERVICE: Shape = { name: ["string"], version: ["string"] };
const SAMPLING: Shape = {
  rate: ["number"],
  exclude: ["array"],
  overrides: ["array"],
  alwaysSampleErrors: ["boolean"],
  errorThreshold: ["number"],
  seed: ["number", "bigint"],
  rng: ["function"],
  keepSlowMs: ["number", "string"],
  respectParent: ["boolean"],
};
const SINK: Shape = {
  name: ["string"],
  format: ["string"],
  send: ["function"],
  batchMax: ["number"],
  maxBytes: ["number"],
  keepsBytes: ["boolean"],
};
/** What a sink cannot do without. */
const REQUIRED = ["name", "format", "send"];

/** What a host says of where it runs, in OpenTelemetry's words. The others do not say: nothing is guessed. */
const RESOURCES: Readonly<Partial<Record<HostKind, readonly (readonly [string, string])[]>>> = {
  workers: [
    ["cloud.provider", "cloudflare"],
    ["cloud.platform", "cloudflare.workers"],
  ],
};

/** Throws TidegateError `config/unknown-option`, `config/type`, `config/sink`, or a sink's own code. */
export function parseOptions(options: unknown): Settings {
  if (kindOf(options) !== "object") throw badType("options", ["object"], options);
  const given = options as CollectorOptions;
  check(given, SHAPE, "");
  if (given.service !== undefined) check(given.service, SERVICE, "service.");
  const sampling = given.sampling ?? {};
  check(sampling, SAMPLING, "sampling.");
  checkRules(sampling.exclude ?? [], sampling.overrides ?? []);
  const seed = seedOf(sampling.seed);
  const sinks = parseSinks(given.sinks ?? []);
  return {
    sinks,
    autoTick: given.autoTick ?? true,
    handleSignals: given.handleSignals ?? true,
    clock: given.clock,
    context: given.context,
    rng: sampling.rng,
    describe(engine, host) {
      engine.service(given.service?.name, given.service?.version);
      for (const [key, value] of RESOURCES[host] ?? []) engine.resource(key, value);
      for (const name of NUMBERS) setNumber(engine, name, given[name]);
      describeSampling(engine, sampling, seed);
      for (const { name, format, batchMax, maxBytes } of sinks) {
        located("sinks", () => engine.sink(name, format, batchMax, maxBytes));
      }
    },
  };
}

function describeSampling(
  engine: EngineOptions,
  sampling: NonNullable<CollectorOptions["sampling"]>,
  seed: bigint | undefined,
): void {
  const { keepSlowMs, rng } = sampling;
  for (const name of ["rate", "errorThreshold"] as const)
    setNumber(engine, name, sampling[name], "sampling.");
  for (const name of ["alwaysSampleErrors", "respectParent"] as const) {
    const value = sampling[name];
    if (value !== undefined) engine.setFlag(name, value);
  }
  if (keepSlowMs === "p99") engine.keepSlowP99();
  else if (keepSlowMs !== undefined) engine.keepSlow(keepSlowMs);
  for (const pattern of sampling.exclude ?? []) engine.exclude(pattern);
  for (const [pattern, rate] of sampling.overrides ?? []) engine.addOverride(pattern, rate);
  if (seed !== undefined) engine.seed(seed);
  if (rng !== undefined) engine.useHostDraws();
}

function setNumber(engine: EngineOptions, name: string, value: number | undefined, path = ""): void {
  if (value !== undefined) located(path + name, () => engine.setNumber(name, value));
}

/** Adds the option's path to an engine error that does not name it. */
function located(path: string, set: () => void): void {
  try {
    set();
  } catch (thrown) {
    if (isFullStack(thrown)) throw thrown;
    const { code, message } = fromEngine(thrown);
    throw new TidegateError(code, message.includes(path) ? message : `${path}: ${message}`);
  }
}

function check(values: object, shape: Shape, path: string): void {
  for (const [name, value] of Object.entries(values)) {
    const kinds = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (kinds === undefined) {
      throw new TidegateError("config/unknown-option", `${path}${name} is not an option`);
    }
    if (value !== undefined && !isKind(value, kinds)) throw badType(path + name, kinds, value);
  }
  const { keepSlowMs } = values as Values;
  if (typeof keepSlowMs === "string" && keepSlowMs !== "p99") {
    throw new TidegateError("config/type", `${path}keepSlowMs must be a number or "p99"`);
  }
}

function checkRules(exclude: readonly unknown[], overrides: readonly unknown[]): void {
  exclude.forEach((rule, at) => {
    if (typeof rule !== "string") throw badType(`sampling.exclude[${at}]`, ["string"], rule);
  });
  overrides.forEach((rule, at) => {
    const [pattern, rate] = Array.isArray(rule) ? rule : [];
    if (typeof pattern === "string" && typeof rate === "number") return;
    throw new TidegateError("config/type", `sampling.overrides[${at}] must be [pattern, rate]`);
  });
}

/** A bigint wraps silently when it becomes bytes, so this range is checked here. */
function seedOf(seed: number | bigint | undefined): bigint | undefined {
  if (seed === undefined) return undefined;
  const fits =
    typeof seed === "bigint" ? seed >= 0n && seed < 1n << 64n : seed >= 0 && Number.isSafeInteger(seed);
  if (fits) return BigInt(seed);
  throw new TidegateError(
    "config/sampling-seed",
    `sampling.seed is ${seed}; it must be an integer from 0 to 2^53-1 or an unsigned 64-bit bigint`,
  );
}

function parseSinks(given: readonly unknown[]): readonly Sink[] {
  const sinks: Sink[] = [];
  given.forEach((entry, at) => {
    const path = `sinks[${at}]`;
    if (!Array.isArray(entry)) sinks.push(parseSink(entry, path));
    else sinks.push(...entry.map((sink, inner) => parseSink(sink, `${path}[${inner}]`)));
  });
  return sinks;
}

/** Properties that are not ours are the sink's own affair. */
function parseSink(entry: unknown, path: string): Sink {
  if (kindOf(entry) !== "object") throw new TidegateError("config/sink", `${path} is not a sink`);
  const { problem } = entry as Sink;
  if (problem !== undefined) {
    throw new TidegateError(problem.code, `${path}.${problem.option} ${problem.message}`);
  }
  for (const [name, kinds] of Object.entries(SINK)) {
    const value = (entry as Values)[name];
    if ((value === undefined && !REQUIRED.includes(name)) || isKind(value, kinds)) continue;
    throw new TidegateError("config/sink", `${path}.${name} must be a ${kinds.join(" or ")}`);
  }
  for (const name of ["batchMax", "maxBytes"] as const) {
    const value = (entry as Sink)[name];
    // The engine holds 32 bits: a larger or broken number would wrap into another one.
    if (value === undefined || (Number.isInteger(value) && value > 0 && value <= 0xffff_ffff)) continue;
    throw new TidegateError(
      "config/sink",
      `${path}.${name} is ${value}; it must be a whole number of at least 1`,
    );
  }
  return entry as Sink;
}

function isKind(value: unknown, kinds: readonly string[]): boolean {
  return kinds.includes(kindOf(value));
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function badType(path: string, kinds: readonly Kind[], value: unknown): TidegateError {
  const found = kindOf(value);
  return new TidegateError("config/type", `${path} must be of type ${kinds.join(" or ")}, not ${found}`);
}
