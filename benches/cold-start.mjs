/**
 * How long workerd takes from its own start to the end of the first response, with a Worker bare and under each library.
 * Each sample is a process of its own; in one round each is started once, so that a round lies within a second or two,
 * and what a library costs is the difference to the bare Worker of the same round.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle, encodeFolder } from "../tools/workerd.mjs";
import { cpuMs } from "./cpu.mjs";
import { orderOf } from "./order.mjs";
import { NODE, withSink, workerFile } from "./worker-files.mjs";
import { median, quartiles } from "./workload.mjs";

/**
 * File, flags, and the bare Worker with the same flags. The controls are the bare Worker once more. Sentry and
 * otel-cf-workers need Node's modules, so they are compared with a tidegate that has them too and uses them.
 */
const WORKERS = {
  bare: ["bare", [], "bare"],
  control: ["bare", [], "bare"],
  tidegate: ["tidegate", [], "bare"],
  bareNode: ["bare", NODE, "bareNode"],
  controlNode: ["bare", NODE, "bareNode"],
  tidegateNode: ["tidegate", NODE, "bareNode"],
  sentry: ["sentry", NODE, "bareNode"],
  otelCfWorkers: ["otel-cf-workers", NODE, "bareNode"],
  evlog: ["evlog", NODE, "bareNode"],
};
const NAMES = Object.keys(WORKERS);

export async function coldStart({ rounds, say }) {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-cold-start-"));
  try {
    for (const name of NAMES) await bundle(workerFile(WORKERS[name][0]), join(folder, name));
    say(`${rounds} rounds of starts: ${NAMES.join(" · ")}`);
    return summary(await withSink((sinkUrl) => inRounds(rounds, folder, sinkUrl)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What each Worker took, by round: in ms, and in ms of CPU of its process. */
async function inRounds(rounds, folder, sinkUrl) {
  const starts = Object.fromEntries(
    NAMES.map((name) => {
      const options = { bindings: { SINK: `${sinkUrl}/${name}` }, flags: WORKERS[name][1] };
      return [name, encodeFolder(join(folder, name), options)];
    }),
  );
  const found = Object.fromEntries(NAMES.map((name) => [name, []]));
  // The first round only brings the program and the files into memory.
  for (let round = -1; round < rounds; round += 1) {
    for (const name of orderOf(NAMES, round + 1)) {
      const taken = await firstResponse(starts[name]);
      if (round >= 0) found[name].push(taken);
    }
  }
  return found;
}

async function firstResponse(serve) {
  const start = performance.now();
  const worker = await serve();
  try {
    await wholeResponse(`${worker.url}/items/7`);
    return { ms: performance.now() - start, cpuMs: cpuMs(worker.pid) };
  } finally {
    await worker.stop();
  }
}

/** On a connection of its own: one that is kept would belong to a process that has ended. */
const wholeResponse = (url) =>
  new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url} answered ${response.statusCode}`));
      response.resume().once("end", resolve).once("error", reject);
    }).once("error", reject);
  });

/** What each takes over the bare Worker, and what tidegate takes of the others, under the same flags. */
export function summary(found) {
  const workers = Object.fromEntries(
    NAMES.map((name) => [name, overBare(found[name], found[WORKERS[name][2]])]),
  );
  const ofPeer = (peer) => workers.tidegateNode.overBare / workers[peer].overBare;
  return { rounds: found.bare.length, ofSentry: ofPeer("sentry"), ofOtel: ofPeer("otelCfWorkers"), workers };
}

function overBare(taken, bare) {
  const over = (unit) => taken.map((one, round) => one[unit] - bare[round][unit]);
  return {
    ms: median(taken.map(({ ms }) => ms)),
    quartiles: quartiles(taken.map(({ ms }) => ms)),
    overBare: median(over("ms")),
    overBareQuartiles: quartiles(over("ms")),
    cpuOverBare: median(over("cpuMs")),
  };
}
