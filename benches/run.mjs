/** Everything there is to measure, and the ratios that DESIGN §6 has budgets for. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { compare, DURATIONS, EVENTS, ratio } from "./events.mjs";
import { grown, growth } from "./growth.mjs";
import { native } from "./native.mjs";
import { workers } from "./workers.mjs";
import { median } from "./workload.mjs";

export async function run({ rounds, say }) {
  const events = compare(EVENTS, rounds, say);
  const durations = compare(DURATIONS, rounds, say);
  say("native");
  const plain = native();
  const grew = growth(Math.min(rounds, 3), say);
  say("start");
  const start = starts(rounds);
  const inWorkerd = await workers(rounds * 2 - 1, say);
  const ndjson = events["tidegate, NDJSON"];
  const ratios = {
    vsOtelProtobuf: ratio(events["OpenTelemetry, protobuf"], events["tidegate, OTLP protobuf"]),
    vsOtelJson: ratio(events["OpenTelemetry, JSON"], events["tidegate, OTLP JSON"]),
    vsHandwritten: ratio(events["array + JSON.stringify"], ndjson),
    vsHandwrittenWithoutIds: ratio(events["array + JSON.stringify, no ids"], ndjson),
    control: ratio(events["tidegate, NDJSON (control)"], ndjson),
    nativeRatio: ndjson.ns / plain.ndjson,
    nativeRatioOtlpProtobuf: events["tidegate, OTLP protobuf"].ns / plain["otlp-protobuf"],
    workerThroughput: inWorkerd.tidegate.ofBare,
    workerThroughputNode: inWorkerd.tidegateNode.ofBare,
    workerControl: inWorkerd.control.ofBare,
    workerLeast: inWorkerd.least.ofBare,
    growthEvents: grown(grew.events),
    growthPaths: grown(grew.paths),
    instantiateMs: start.instantiateMs,
    snapshotMs: start.snapshotMs,
  };
  return { ratios, events, durations, native: plain, growth: grew, start, workers: inWorkerd };
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
  const middle = (of) => median(found.map(of));
  const names = Object.keys(found[0]).filter((name) => name !== "rules");
  return {
    ...Object.fromEntries(names.map((name) => [name, middle((one) => one[name])])),
    rules: Object.fromEntries(
      Object.keys(found[0].rules).map((count) => [count, middle(({ rules }) => rules[count])]),
    ),
  };
}
