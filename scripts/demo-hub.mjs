// npm run demo -- --hub: several instances of worker-example push to the hub of another one, which is killed and started again
// amid the traffic. What the isolates measured and what the hub counts must be equal.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brokenLaws, isDrained } from "../tools/laws.mjs";
import { freePort, startReceiver, until } from "../tools/receiver.mjs";
import { drive, plan } from "../tools/traffic.mjs";
import { startExample } from "../tools/wrangler.mjs";
import { build } from "./build.mjs";

const INSTANCES = 3;
const REQUESTS_MIN = 1000;
const STALE_MAX_MS = 15_000;

/** The instance with the hub. `start` again finds its storage and its address. */
async function hubAt(vars) {
  const home = mkdtempSync(join(tmpdir(), "tidegate-hub-"));
  const port = await freePort();
  const start = () => startExample(vars, { home, port });
  const hub = { worker: await start(), url: `http://127.0.0.1:${port}` };
  hub.restart = async () => {
    hub.worker.stop();
    hub.worker = await start();
  };
  hub.view = async () => {
    const headers = { authorization: `Bearer ${vars.DASHBOARD_TOKEN}` };
    return (await fetch(`${hub.url}/tide/stats.json`, { headers })).json();
  };
  hub.stop = () => {
    hub.worker.stop();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  return hub;
}

const ofWorker = async ({ url }) => (await fetch(`${url}/__tide`)).json();
const sum = (numbers) => numbers.reduce((all, number) => all + number, 0);

/** Drives all instances at once, each with its share; the hub is restarted in between. */
async function driveAll(workers, hub, { requests, concurrency, seed }) {
  const share = Math.ceil(requests / workers.length);
  const driven = workers.map(({ url }, n) =>
    drive(url, plan(share, seed + n), { concurrency: Math.ceil(concurrency / workers.length), bursts: 8 }),
  );
  const isUnderWay = async () => (await hub.view()).stats.count > requests / 4;
  await until(isUnderWay, 60_000, "pushes to the hub");
  console.log("the hub is killed and started again");
  await hub.restart();
  const seen = await Promise.all(driven);
  return sum(seen.map((one) => one.requests - one.excluded));
}

/** Asks until nothing waits in any instance; resolves to what each says. */
async function drained(workers) {
  let all;
  const isDone = async () => {
    all = await Promise.all(workers.map(ofWorker));
    return all.every(({ counters }) => isDrained(counters));
  };
  await until(isDone, 60_000, "the last pushes").catch((error) => console.error(error.message));
  return all;
}

export async function demoHub({ check, requests, concurrency, seed }) {
  await build();
  const receiver = await startReceiver();
  const [HUB_TOKEN, DASHBOARD_TOKEN] = [randomBytes(9), randomBytes(9)].map((bytes) =>
    bytes.toString("base64url"),
  );
  const vars = { SINK_URL: receiver.url, HUB_TOKEN, DASHBOARD_TOKEN, HUB_INTERVAL_MS: "1000" };
  const running = [];
  try {
    console.log(`starting the hub, and ${INSTANCES} instances of worker-example that push to it`);
    const hub = await hubAt(vars);
    running.push(hub);
    const HUB_URL = `${hub.url}/hub`;
    const started = Array.from({ length: INSTANCES }, () => startExample({ ...vars, HUB_URL }));
    const workers = await Promise.all(started);
    running.push(...workers);
    const sent = await driveAll(workers, hub, { requests, concurrency, seed });
    const all = await drained(workers);
    const view = await hub.view();
    const measured = sum(all.map(({ stats }) => stats.count));
    const result = { requests: sent, measured, hub: view.stats.count, staleMs: view.staleMs };
    const found = problems(result, view, all);
    for (const problem of found) console.error(`NOT AS IT SHOULD BE: ${problem}`);
    process.exitCode = found.length > 0 ? 1 : 0;
    if (!check) await stayUp(hub, DASHBOARD_TOKEN, workers, seed);
    console.log(JSON.stringify(result));
  } finally {
    for (const { stop } of running) stop();
    await receiver.stop();
  }
}

function problems({ requests, measured, hub, staleMs }, view, all) {
  const found = all.flatMap(({ counters }) => brokenLaws(counters));
  if (requests < REQUESTS_MIN) found.push(`${requests} requests, of at least ${REQUESTS_MIN}`);
  if (measured !== requests) found.push(`the isolates measured ${measured} of ${requests} requests`);
  if (hub !== measured) found.push(`the hub has ${hub} of ${measured} measured`);
  if (staleMs > STALE_MAX_MS) found.push(`the figures are ${staleMs} ms old`);
  if (view.isolates.live < INSTANCES) found.push(`the hub heard of ${view.isolates.live} isolates`);
  return found;
}

async function stayUp(hub, token, workers, seed) {
  console.log(`dashboard of the service: ${hub.url}/tide/ (log in with the token ${token}; Ctrl-C ends)`);
  process.once("SIGINT", () => process.exit());
  for (;;)
    await Promise.all(workers.map(({ url }) => drive(url, plan(60, seed), { concurrency: 1, bursts: 20 })));
}
