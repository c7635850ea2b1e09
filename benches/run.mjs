/** Everything there is to measure, and the ratios that DESIGN §6 has budgets for. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { compare, DURATIONS, EVENTS, ratio } from "./events.mjs";
import { grown, growth } from "./growth.mjs";
import { native } from "./native.mjs";
import { workers } from "./workers.mjs";
import { median } from "./workload.mjs";

export async function run({ rounds, say }) {
  const plain = [];
  const events = compare(EVENTS, rounds * 2 - 1, say, () => plain.push(native()));
  const durations = compare(DURATIONS, rounds, say);
  const grew = growth(rounds, say);
  say("start");
  const start = starts(rounds);
  const inWorkerd = await workers(rounds * 12, say);
  const ndjson = events["tidegate, NDJSON"];
  const nativeOf = (name) => ({ rounds: plain.map((found) => found[name]) });
  const ratios = {
    vsOtelProtobuf: ratio(events["OpenTelemetry, protobuf"], events["tidegate, OTLP protobuf"]),
    vsOtelJson: ratio(events["OpenTelemetry, JSON"], events["tidegate, OTLP JSON"]),
    vsHandwritten: ratio(events["array + JSON.stringify"], ndjson),
    vsHandwrittenWithoutIds: ratio(events["array + JSON.stringify, no ids"], ndjson),
    control: ratio(events["tidegate, NDJSON (control)"], ndjson),
    nativeRatio: ratio(ndjson, nativeOf("ndjson")),
    nativeRatioOtlpProtobuf: ratio(events["tidegate, OTLP protobuf"], nativeOf("otlp-protobuf")),
    workerThroughput: inWorkerd.tidegate.ofBare,
    workerThroughputNode: inWorkerd.tidegateNode.ofBare,
    workerControl: inWorkerd.control.ofBare,
    workerLeast: inWorkerd.least.ofBare,
    growthEvents: grown(grew.events),
    growthPaths: grown(grew.paths),
    instantiateMs: start.instantiateMs,
    snapshotMs: start.snapshotMs,
  };
  return { ratios, events, durations, native: medians(plain), growth: grew, start, workers: inWorkerd };
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
