/** The options of a collector: parsed once, then known to be valid. */
import { variable } from "../runtime/environment.ts";
import type { HostKind } from "../runtime/host.ts";
import { isThenable } from "../runtime/thenable.ts";
import type { Collector } from "../types/collector.ts";
import { TidegateError } from "../types/error.ts";
import type { CollectorOptions, ContextStorage, SamplingOptions } from "../types/options.ts";
import type { Sink } from "../types/sink.ts";
import { regexHint, seedOf } from "../wasm/convert.ts";
import { fromEngine, isFullStack } from "../wasm/errors.ts";
import type { EngineOptions } from "../wasm/generated/tidegate.js";
import { badType, copyOf, isKind, listOf, reading, refuseAsync, type Shape, stringsOf } from "./check.ts";
import { hostResource, resourceOf, serviceOf } from "./resource.ts";
import { parseSinks } from "./sinks.ts";

/** As the conventions for HTTP name it. */
const METHODS = "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS";

/** The options, or a function that makes them of the environment. */
export type OptionsSource = CollectorOptions | ((env: never) => CollectorOptions);

/** The options that JavaScript uses. The engine has the others. */
export interface Settings {
  readonly sinks: readonly Sink[];
  readonly hasMetricsSink: boolean;
  readonly service: Collector["service"];
  readonly autoTick: boolean;
  readonly log: boolean | "debug";
  /** What is of no use in the environment, for people. */
  readonly warnings: readonly string[];
  readonly leadSends: number;
  readonly invocationSends: number;
  readonly handleSignals: boolean;
  readonly clock: (() => number) | undefined;
  readonly context: ContextStorage | undefined;
  readonly rng: (() => number) | undefined;
  /** The option `paths` is `"raw"`. */
  readonly hasRawPaths: boolean;
  readonly errors: CollectorOptions["errors"];
  readonly redact: CollectorOptions["redact"];
  /** Sets the engine's options. Throws TidegateError, which names the option. */
  describe(engine: EngineOptions, host: HostKind): void;
}

/** Those that are numbers for the engine. */
const NUMBERS = {
  queueSize: ["number"],
  queueBytes: ["number"],
  flushIntervalMs: ["number"],
  batchMax: ["number"],
  maxConsecutiveSinkFailures: ["number"],
  closeTimeoutMs: ["number"],
  flushDeadlineMs: ["number"],
  leaseMs: ["number"],
  retryBaseMs: ["number"],
  retryMaxMs: ["number"],
  sinkProbeMs: ["number"],
  statsSeries: ["number"],
  metricSeries: ["number"],
} as const;

const SHAPE: Shape = {
  ...NUMBERS,
  service: ["object"],
  resource: ["object"],
  labels: ["array"],
  methods: ["array"],
  paths: ["string"],
  sinks: ["array"],
  sampling: ["object"],
  autoTick: ["boolean"],
  log: ["boolean", "string"],
  leadSends: ["number"],
  invocationSends: ["number"],
  clock: ["function"],
  context: ["object", "function"],
  handleSignals: ["boolean"],
  errors: ["string"],
  redact: ["function"],
};
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

/** Options that are left out are not parsed: a Worker does this before its first response. */
const NO_SAMPLING: SamplingOptions = Object.create(null);

/**
 * `env`: what fills the options that are left out. Throws TidegateError `config/unknown-option`, `config/type`, `config/seed`
 * or `config/sink`.
 */
export function parseOptions(options: unknown, env: unknown): Settings {
  const isPromise = reading("options", () => isThenable(options));
  if (isPromise) {
    // Nobody awaits it: a rejection would end a process.
    if (options instanceof Promise) options.catch(() => {});
    throw new TidegateError(
      "config/type",
      "options must not be a promise: give them, or a function that returns them at once",
    );
  }
  const given = copyOf<CollectorOptions>(options, SHAPE, "");
  const warnings: string[] = [];
  const resource = resourceOf(given.service, given.resource, env, (text) => warnings.push(text));
  const sampling = given.sampling === undefined ? NO_SAMPLING : samplingOf(given.sampling);
  const seed = sampling.seed === undefined ? undefined : seedOf(sampling.seed, "sampling.seed");
  const sinks = parseSinks(listOf(given.sinks ?? [], "sinks"));
  const labels = stringsOf(given.labels, "labels");
  const methods =
    given.methods === undefined
      ? variable(env, METHODS)?.replaceAll(" ", "")
      : stringsOf(given.methods, "methods").join();
  refuseAsync("clock", given.clock);
  refuseAsync("redact", given.redact);
  refuseAsync("sampling.rng", sampling.rng);
  checkContext(given.context);
  return {
    sinks,
    hasMetricsSink: sinks.some(({ format }) => format === "stats" || format.startsWith("otlp-metrics")),
    service: serviceOf(resource),
    autoTick: given.autoTick ?? true,
    log: logOf(given.log),
    warnings,
    leadSends: sendsOf(given.leadSends, "leadSends", "config/lead-sends", LEAD_SENDS),
    invocationSends: sendsOf(
      given.invocationSends,
      "invocationSends",
      "config/invocation-sends",
      INVOCATION_SENDS,
    ),
    handleSignals: given.handleSignals ?? true,
    clock: given.clock,
    context: given.context,
    rng: sampling.rng,
    errors: oneOf("errors", given.errors, '"type", "message", "stack"'),
    hasRawPaths: oneOf("paths", given.paths, '"template", "raw"') === "raw",
    redact: given.redact,
    describe(engine, host) {
      for (const name of ["service.name", "service.version"]) setText(engine, name, resource.get(name));
      for (const [key, value] of [...hostResource(host), ...resource]) engine.resource(key, value);
      setNumbers(engine, given, Object.keys(NUMBERS) as (keyof typeof NUMBERS)[], "");
      describeSampling(engine, sampling, seed);
      for (const label of labels) setText(engine, "labels", label);
      setText(engine, "methods", methods);
      for (const { name, format, batchMax, maxBytes, intervalMs, temporality } of sinks) {
        const isCumulative = temporality === "cumulative";
        withPath("sinks", () => engine.sink(name, format, batchMax, maxBytes, intervalMs, isCumulative));
      }
    },
  };
}

function checkContext(given: unknown): void {
  if (given === undefined) return;
  const isStorage = reading("context", () =>
    ["run", "getStore"].every((name) => typeof (given as Record<string, unknown>)[name] === "function"),
  );
  if (!isStorage)
    throw new TidegateError("config/type", "context must have run and getStore: give asyncContext()");
}

function logOf(given: unknown): boolean | "debug" {
  if (typeof given === "string" && given !== "debug") {
    throw new TidegateError("config/type", 'log must be true, false or "debug"');
  }
  return (given ?? true) as boolean | "debug";
}

function oneOf<T>(name: string, given: T, known: string): T {
  if (given === undefined || known.split(", ").includes(`"${given}"`)) return given;
  throw new TidegateError("config/type", `${name} must be one of ${known}`);
}

/** Free plans of Workers have 50 subrequests per invocation, shared with the program. */
const LEAD_SENDS = 8;
const INVOCATION_SENDS = 24;
const SENDS_MAX = 1000;

function sendsOf(given: number | undefined, name: string, code: string, otherwise: number): number {
  const sends = given ?? otherwise;
  if (Number.isInteger(sends) && sends >= 1 && sends <= SENDS_MAX) return sends;
  throw new TidegateError(code, `${name} is ${sends}; it must be a whole number from 1 to ${SENDS_MAX}`);
}

function samplingOf(given: unknown): SamplingOptions {
  const sampling = copyOf<SamplingOptions>(given, SAMPLING, "sampling.");
  const { keepSlowMs } = sampling;
  if (typeof keepSlowMs === "string" && keepSlowMs !== "p99") {
    throw new TidegateError("config/type", 'sampling.keepSlowMs must be a number or "p99"');
  }
  const exclude = listOf(sampling.exclude ?? [], "sampling.exclude").map((rule, at) => {
    const path = `sampling.exclude[${at}]`;
    refuseRegExp(path, rule);
    if (typeof rule !== "string") throw badType(path, ["string"], rule);
    return rule;
  });
  const overrides = listOf(sampling.overrides ?? [], "sampling.overrides").map((rule, at) => {
    const path = `sampling.overrides[${at}]`;
    const [pattern, rate, ...more] = isKind(rule, ["array"]) ? listOf(rule, path) : [];
    refuseRegExp(path, pattern);
    if (typeof pattern === "string" && typeof rate === "number" && more.length === 0)
      return [pattern, rate] as const;
    throw new TidegateError("config/type", `${path} must be [pattern, rate]`);
  });
  return Object.assign(sampling, { exclude, overrides });
}

function refuseRegExp(path: string, rule: unknown): void {
  const hint = regexHint(rule);
  if (hint !== undefined) throw new TidegateError("config/type", `${path} ${hint}`);
}

function describeSampling(engine: EngineOptions, sampling: SamplingOptions, seed: bigint | undefined): void {
  const { keepSlowMs, rng } = sampling;
  setNumbers(engine, sampling, ["rate", "errorThreshold"], "sampling.");
  for (const name of ["alwaysSampleErrors", "respectParent"] as const) {
    const value = sampling[name];
    if (value !== undefined) engine.setFlag(name, value);
  }
  if (keepSlowMs === "p99") engine.setFlag("keepSlowP99", true);
  else if (keepSlowMs !== undefined) engine.setNumber("keepSlowMs", keepSlowMs);
  for (const pattern of sampling.exclude ?? []) setText(engine, "exclude", pattern);
  for (const [pattern, rate] of sampling.overrides ?? []) engine.addOverride(pattern, rate);
  if (seed !== undefined) engine.seed(seed);
  if (rng !== undefined) engine.setFlag("hostDraws", true);
}

function setText(engine: EngineOptions, name: string, value: string | undefined): void {
  if (value !== undefined) engine.setText(name, value);
}

function setNumbers<N extends string>(
  engine: EngineOptions,
  values: Readonly<Partial<Record<N, number>>>,
  names: readonly N[],
  path: string,
): void {
  for (const name of names) {
    const value = values[name];
    if (value !== undefined) withPath(path + name, () => engine.setNumber(name, value));
  }
}

/** Adds the option's path to an engine error that does not name it. */
function withPath(path: string, set: () => void): void {
  try {
    set();
  } catch (thrown) {
    if (isFullStack(thrown)) throw thrown;
    const { code, message } = fromEngine(thrown);
    throw new TidegateError(code, message.includes(path) ? message : `${path}: ${message}`);
  }
}
