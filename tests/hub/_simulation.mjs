// Isolates that push to a hub, in simulated time. The hub may be simulated too, or run in workerd.
import { makeIsolate } from "./_isolate.mjs";

const SECOND = 1000;

/**
 * Every isolate has `rps` requests a second and pushes every `intervalMs`, each at a moment of its own.
 *
 * Resolves to { pushes, requests, bytes, alarms, ageMs: { mean, max } }: how old requests were when the hub had them.
 */
export async function simulate(
  host,
  { isolates, rps, seconds, intervalMs = 5000, startMs, onPush = () => {} },
) {
  const run = { pushes: 0, requests: 0, bytes: 0, alarms: 0, ageMs: { mean: 0, max: 0 } };
  const sources = sourcesOf({ isolates, rps, intervalMs, startMs });
  let ages = 0;
  for (let round = 0; round < (seconds * SECOND) / intervalMs; round += 1) {
    for (const { cut, phaseMs } of sources) {
      const nowMs = startMs + round * intervalMs + phaseMs;
      await fireAlarms(host, nowMs, run);
      await host.setClock(nowMs);
      const push = cut(nowMs);
      const begun = performance.now();
      const status = await host.push(push);
      if (status !== 200) throw new Error(`a push was answered with ${status}`);
      onPush(performance.now() - begun);
      run.pushes += 1;
      run.bytes += push.bytes.length;
      run.requests += push.requests;
      for (const endMs of push.endsMs) {
        ages += nowMs - endMs;
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

/** In the order of their moments. Isolates of one group push the same figures under their own ids. */
function sourcesOf({ isolates, rps, intervalMs, startMs }) {
  const groups = Math.min(isolates, GROUPS);
  const all = [];
  for (let group = 0; group < groups; group += 1) {
    const phaseMs = ((group + 1) * intervalMs) / groups;
    const measured = { atMs: startMs, phaseMs };
    const members = Math.ceil((isolates - group) / groups);
    for (let member = 0; member < members; member += 1) {
      const isolate = makeIsolate(1 + group + member * groups);
      all.push({ phaseMs, cut: cutter(isolate, measured, member, { rps, intervalMs }) });
    }
  }
  return all;
}

/** The first of a group measures; the others take what it measured. */
function cutter(isolate, measured, member, { rps, intervalMs }) {
  return (nowMs) => {
    if (member === 0) {
      measured.endsMs = [];
      for (let endMs = nowMs - intervalMs + SECOND / rps; endMs <= nowMs; endMs += SECOND / rps) {
        measured.endsMs.push(endMs);
        isolate.req(`/route/${measured.endsMs.length % 10}`, endMs, 5 + ((endMs * 7) % 90), endMs % 50 === 0);
      }
      measured.figures = isolate.figures(nowMs);
    }
    return { ...isolate.cut(nowMs, measured.figures), endsMs: measured.endsMs };
  };
}

/** More distinct isolates would only be slower to make. */
const GROUPS = 100;
