// Plays one row of the hostile table against one kind of sink, with the built package, and says what came of it.

import { createCollector, ndjson, otlp } from "../../pkg/dist/inline.js";
import { brokenLaws, isDrained } from "../../tools/laws.mjs";
import { rows, startHostile } from "./_hostile.mjs";

export const DEADLINE_MS = 600;
/** What a busy machine may add: the rows run side by side. */
export const SLACK_MS = 600;
const EVENTS = 4;

const sinks = {
  ndjson: (url, fetch) => ndjson({ url, fetch }),
  otlp: (url, fetch) => otlp({ url, fetch })[0],
};

/** Every row against every kind of sink, some at a time: { row, kind, …what happened, wrong }. */
export async function playAll(kinds = Object.keys(sinks), atOnce = 6) {
  const plays = rows.flatMap((row) => kinds.map((kind) => ({ row, kind })));
  const results = new Array(plays.length);
  const queue = plays.entries();
  const player = async () => {
    for (const [at, { row, kind }] of queue) results[at] = await play(row, kind);
  };
  await Promise.all(Array.from({ length: atOnce }, player));
  return results;
}

async function play(row, kind) {
  const hostile = await startHostile(row);
  const starts = [];
  const timed = (url, init) => {
    starts.push(Date.now());
    return fetch(url, init);
  };
  const tide = createCollector({
    sinks: [sinks[kind](hostile.url, timed)],
    autoTick: false,
    flushDeadlineMs: DEADLINE_MS,
    retryBaseMs: 20,
    retryMaxMs: 100,
    maxConsecutiveSinkFailures: 10,
  });
  const settled = [];
  tide.on("flush", ({ outcome }) => settled.push({ outcome, atMs: Date.now() }));
  for (let count = 0; count < EVENTS; count += 1) tide.req("/hostile", "GET", 200, Date.now(), 5);
  const broken = [];
  const watch = setInterval(() => broken.push(...brokenLaws(tide.counters())), 20);
  await tide.flush({ deadlineMs: 6000 });
  clearInterval(watch);
  const counters = tide.counters();
  broken.push(...brokenLaws(counters));
  await hostile.stop();
  const [sink] = counters.sinks;
  const spent = settled.map(({ atMs }, at) => atMs - starts[at]);
  const result = {
    row: row.name,
    kind,
    outcome: settled[0]?.outcome ?? "none",
    retries: Math.max(hostile.posts.length - 1, 0),
    spentMs: Math.max(...spent),
    waitedMs: starts.length > 1 ? starts[1] - settled[0].atMs : 0,
    delivered: sink.delivered,
    rejected: sink.dropped.rejected,
    conserved: broken.length === 0 && isDrained(counters),
    keys: new Set(hostile.posts.map(({ key }) => key)).size,
    paths: [...new Set(hostile.posts.map(({ path }) => path))],
  };
  return { ...result, wrong: [...new Set(broken), ...judge(row, kind, result)] };
}

/** Every way in which `result` is not what the row asks for. */
function judge(row, kind, result) {
  const wrong = [];
  const expect = (what, actual, wanted) => {
    if (actual !== wanted) wrong.push(`${what} ${actual}, expected ${wanted}`);
  };
  const outcome = row[kind];
  const rejected = outcome === "fatal" ? EVENTS : (row.rejected?.[kind] ?? 0);
  expect("outcome", result.outcome, outcome);
  expect("rejected", result.rejected, rejected);
  expect("delivered", result.delivered, EVENTS - rejected);
  // A 413 comes again as two halves; everything else that failed comes again as it was.
  const retries = { retry: row.bad ?? 1, "too-large": 2 }[outcome] ?? 0;
  expect("retries", result.retries, retries);
  expect("keys", result.keys, outcome === "too-large" ? 3 : 1);
  expect("paths", result.paths.join(" "), kind === "otlp" ? "/v1/traces" : "/");
  expect("conserved", result.conserved, true);
  if (!(result.spentMs <= DEADLINE_MS + SLACK_MS)) wrong.push(`${result.spentMs} ms for one send`);
  if (result.waitedMs < (row.waitsMs ?? 0) && outcome === "retry") wrong.push(`waited ${result.waitedMs} ms`);
  return wrong;
}
