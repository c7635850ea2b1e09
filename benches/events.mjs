/** What an event costs, by library, in turns: each round asks every contender once, in a process of its own. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { median } from "./workload.mjs";

/** Name → file, export, events a sample. The control is tidegate once more: how far apart the same thing lies. */
export const EVENTS = {
  "tidegate, NDJSON": ["tidegate", "ndjson", 102_400],
  "tidegate, NDJSON (control)": ["tidegate", "ndjson", 102_400],
  "tidegate, NDJSON, bytes kept": ["tidegate", "ndjsonKept", 102_400],
  "tidegate, OTLP protobuf": ["tidegate", "otlpProtobuf", 102_400],
  "tidegate, OTLP JSON": ["tidegate", "otlpJson", 51_200],
  "tidegate, statistics alone": ["tidegate", "statistics", 204_800],
  "array + JSON.stringify": ["handwritten", "withIds", 51_200],
  "array + JSON.stringify, no ids": ["handwritten", "withoutIds", 51_200],
  "OpenTelemetry, protobuf": ["opentelemetry", "protobuf", 25_600],
  "OpenTelemetry, JSON": ["opentelemetry", "json", 25_600],
  evlog: ["evlog", "wideEvents", 25_600],
  Sentry: ["sentry", "spans", 2_560],
};

/** A duration recorded under its route, without an event. */
export const DURATIONS = {
  "tidegate/stats, a window of 15 minutes": ["histograms", "tidegate", 204_800],
  "OpenTelemetry, exponential histogram": ["histograms", "opentelemetry", 102_400],
  "prom-client, histogram": ["histograms", "promClient", 102_400],
  "hdr-histogram-js, one a route": ["histograms", "hdrHistogram", 204_800],
  "@datadog/sketches-js, one a route": ["histograms", "ddSketch", 204_800],
};

const SAMPLES = 5;

/** Each contender's median of `rounds`. `beside` is measured in each of them, too. */
export function compare(contenders, rounds, say, beside = () => {}) {
  const found = Object.fromEntries(Object.keys(contenders).map((name) => [name, { rounds: [] }]));
  for (let round = 1; round <= rounds; round += 1) {
    say(`round ${round} of ${rounds}`);
    for (const [name, [file, of, events]] of Object.entries(contenders)) {
      const { times, bytes } = ask(file, of, events, SAMPLES);
      found[name].rounds.push(median(times));
      found[name].bytes = bytes;
    }
    beside();
  }
  return Object.fromEntries(
    Object.entries(found).map(([name, { rounds, bytes }]) => [name, summary(rounds, bytes)]),
  );
}

const summary = (rounds, bytes) => ({
  ns: median(rounds),
  spread: [Math.min(...rounds), Math.max(...rounds)],
  bytes,
  rounds,
});

/** The median of what `one` takes of `other`, round by round: what slows the machine down slows both. */
export const ratio = (one, other) => median(one.rounds.map((ns, round) => ns / other.rounds[round]));

export function ask(...args) {
  const program = join(import.meta.dirname, "contender.mjs");
  const output = execFileSync(process.execPath, [program, ...args.map(String)], {
    encoding: "utf8",
    cwd: import.meta.dirname,
  });
  return JSON.parse(output.trim().split("\n").at(-1));
}
