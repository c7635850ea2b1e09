// Isolates that push to a hub, in simulated time. The hub may be simulated too, or run in workerd.
import { createCollector } from "../../pkg/dist/inline.js";

const SECOND = 1000;

/**
 * Every isolate has `rps` requests a second and pushes every `intervalMs`, each at a moment of its own.
 *
 * Resolves to { pushes, requests, bytes, alarms, ageMs: { mean, max } }: how old requests were when the hub had them.
 */
export async function simulate(host, how) {
  const { isolates, rps, seconds, intervalMs = 5000, startMs, onPush = () => {} } = how;
  const run = { pushes: 0, requests: 0, bytes: 0, alarms: 0, ageMs: { mean: 0, max: 0 } };
  const groups = groupsOf({ isolates, rps, intervalMs, startMs });
  let ages = 0;
  for (let round = 0; round < (seconds * SECOND) / intervalMs; round += 1) {
    for (const { phaseMs, measure, members } of groups) {
      const nowMs = startMs + round * intervalMs + phaseMs;
      await fireAlarms(host, nowMs, run);
      await host.setClock(nowMs);
      const { push, endsMs } = await measure(nowMs);
      for (let member = 0; member < members; member += 1) {
        const begun = performance.now();
        const status = await host.push(renamed(push, member));
        if (status !== 200) throw new Error(`a push was answered with ${status}`);
        onPush(performance.now() - begun);
      }
      run.pushes += members;
      run.bytes += members * push.bytes.length;
      run.requests += members * endsMs.length;
      for (const endMs of endsMs) {
        ages += members * (nowMs - endMs);
        run.ageMs.max = Math.max(run.ageMs.max, nowMs - endMs);
      }
    }
  }
  run.ageMs.mean = ages / run.requests;
  return run;
}

async function fireAlarms(host, untilMs, run) {
  for (let dueMs = await host.dueMs(); dueMs !== null && dueMs <= untilMs; dueMs = await host.dueMs()) {
    await host.setClock(dueMs);
    await host.alarm();
    run.alarms += 1;
  }
}

/** In the order of their moments. A group measures once; its members push that under ids of their own. */
function groupsOf({ isolates, rps, intervalMs, startMs }) {
  const groups = Math.min(isolates, GROUPS);
  return Array.from({ length: groups }, (_, group) => ({
    phaseMs: ((group + 1) * intervalMs) / groups,
    members: Math.ceil((isolates - group) / groups),
    measure: measuring({ rps, intervalMs, startMs }),
  }));
}

/** A collector of the engine, whose requests are evenly spread. Its pushes are taken from it by `flush`. */
function measuring({ rps, intervalMs, startMs }) {
  const state = { nowMs: startMs, push: undefined };
  const send = (bytes, { batchId }) => {
    state.push = { bytes: Buffer.from(bytes), batchId };
  };
  const tide = createCollector({
    service: { name: "shop", version: "1.0.0" },
    sinks: [{ name: "hub", format: "stats", send }],
    ...{ clock: () => state.nowMs, autoTick: false, handleSignals: false },
  });
  return async (nowMs) => {
    const endsMs = [];
    for (let endMs = nowMs - intervalMs + SECOND / rps; endMs <= nowMs; endMs += SECOND / rps) {
      endsMs.push(endMs);
      const durationMs = 5 + ((endsMs.length * 7) % 90);
      const status = endsMs.length % 25 === 0 ? 500 : 200;
      tide.req(`/route/${endsMs.length % 10}`, "GET", status, endMs - durationMs, durationMs);
    }
    state.nowMs = nowMs;
    await tide.flush();
    return { push: state.push, endsMs };
  };
}

/** The same push of another isolate. */
function renamed({ bytes, batchId }, member) {
  if (member === 0) return { bytes, batchId };
  const own = batchId.slice(0, 16);
  const id = member.toString(16).padStart(8, "0") + own.slice(8);
  const copy = Buffer.from(bytes);
  copy.write(id, copy.indexOf(own), "latin1");
  return { bytes: copy, batchId: batchId.replace(own, id) };
}

/** Each is a collector. */
const GROUPS = 10;
