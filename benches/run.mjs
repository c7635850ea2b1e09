/** Everything there is to measure, and the ratios that DESIGN §6 has budgets for. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { DURATIONS, EVENTS } from "./events.mjs";
import { grown, growth, lateness } from "./growth.mjs";
import { buildNative } from "./native.mjs";
import { inTurns, ratio } from "./turns.mjs";
import { workers } from "./workers.mjs";
import { median } from "./workload.mjs";

export async function run({ rounds, say }) {
  buildNative();
  const events = await inTurns(EVENTS, rounds * 12, say);
  const durations = await inTurns(DURATIONS, rounds * 12, say);
  const grew = await growth(rounds * 12, say);
  say("start");
  const start = starts(rounds);
  const inWorkerd = await workers(rounds * 12, say);
  const ndjson = events["tidegate, NDJSON"];
  const ratios = {
    vsOtelProtobuf: ratio(events["OpenTelemetry, protobuf"], events["tidegate, OTLP protobuf"]),
    vsOtelJson: ratio(events["OpenTelemetry, JSON"], events["tidegate, OTLP JSON"]),
    vsHandwritten: ratio(events["array + JSON.stringify"], ndjson),
    vsHandwrittenWithoutIds: ratio(events["array + JSON.stringify, no ids"], ndjson),
    control: ratio(events["tidegate, NDJSON (control)"], ndjson),
    vsHandwrittenBytesKept: ratio(events["array + JSON.stringify"], events["tidegate, NDJSON, bytes kept"]),
    nativeRatio: ratio(ndjson, events["native Rust, ndjson"]),
    nativeRatioOtlpProtobuf: ratio(events["tidegate, OTLP protobuf"], events["native Rust, otlp-protobuf"]),
    workerThroughput: inWorkerd.tidegate.ofBare,
    workerThroughputNode: inWorkerd.tidegateNode.ofBare,
    workerControl: inWorkerd.control.ofBare,
    workerLeast: inWorkerd.least.ofBare,
    growthEvents: grown(grew.events),
    growthPaths: grown(grew.paths),
    growthLate: lateness(grew.late),
    instantiateMs: start.instantiateMs,
    snapshotMs: start.snapshotMs,
  };
  return { ratios, events, durations, growth: grew, start, workers: inWorkerd };
}

/** Of each figure the median. */
function medians(found) {
  const middle = (name) => median(found.map((one) => one[name]));
  return Object.fromEntries(Object.keys(found[0]).map((name) => [name, middle(name)]));
}

/** Each figure's median over processes of their own. */
function starts(rounds) {
  const program = join(import.meta.dirname, "start.mjs");
  const found = Array.from({ length: rounds }, () =>
    JSON.parse(
      execFileSync(process.execPath, [program], { encoding: "utf8", cwd: import.meta.dirname })
        .trim()
        .split("\n")
        .at(-1),
    ),
  );
  const rules = medians(found.map((one) => one.rules));
  return { ...medians(found.map(({ rules: _, ...once }) => once)), rules };
}
