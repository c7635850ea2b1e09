// 200 clients for 45 seconds, some of which leave early, a sink that refuses 30 % of the posts, late work, streams and sockets:
// npm run soak. Prints one line of JSON; fails if an event was lost, came twice, or a law did not hold at some moment.
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brokenLaws, isDrained } from "../../tools/laws.mjs";
import { startReceiver, until } from "../../tools/receiver.mjs";
import { startWorkerd } from "../../tools/workerd.mjs";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "45" } } });
const LOAD_MS = Number(values.seconds) * 1000;
const CLIENTS = 200;
/** A client waits so long between two requests: below what a sink takes that fails three times in ten. */
const THINK_MS = 1000;
const FAIL_SHARE = 0.3;
const ABORT_SHARE = 0.1;
/** What an invocation may send at most: the option `invocationSends`. */
const SENDS_MAX = 24;
const PATHS = ["/plain", "/slow", "/late", "/stream", "/socket"];

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const receiver = await startReceiver({ failShare: FAIL_SHARE });
const worker = await startWorkerd(fileURLToPath(new URL("fixtures/soak.js", import.meta.url)), {
  bindings: { SINK_URL: receiver.url },
  flags: ["nodejs_compat", "enable_request_signal"],
});
const seen = { requests: 0, aborted: 0, polls: 0, brokenLaws: [] };

async function ask() {
  const tide = await (await fetch(`${worker.url}/__tide`)).json();
  seen.polls += 1;
  seen.brokenLaws.push(...brokenLaws(tide.counters));
  return tide;
}

async function client(number, endMs) {
  await sleep((number / CLIENTS) * THINK_MS);
  for (let turn = number; Date.now() < endMs; turn += 1) {
    const path = PATHS[turn % PATHS.length];
    seen.requests += 1;
    if (path === "/socket") await talk();
    else await request(path);
    await sleep(THINK_MS * (0.5 + Math.random()));
  }
}

async function request(path) {
  const leaves = Math.random() < ABORT_SHARE;
  const signal = leaves ? AbortSignal.timeout(20 + Math.floor(Math.random() * 200)) : undefined;
  try {
    await (await fetch(worker.url + path, { signal })).arrayBuffer();
  } catch {
    seen.aborted += 1;
  }
}

/** Three messages over a second, each of which is an event. */
async function talk() {
  const socket = new WebSocket(`${worker.url.replace("http", "ws")}/socket`);
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  for (let message = 0; message < 3; message += 1) {
    socket.send(String(message));
    await sleep(300);
  }
  socket.close();
}

async function pollLaws(endMs) {
  while (Date.now() < endMs) {
    await ask();
    await sleep(250);
  }
}

const endMs = Date.now() + LOAD_MS;
const clients = Array.from({ length: CLIENTS }, (_, number) => client(number, endMs));
await Promise.all([pollLaws(endMs), ...clients]);
// Work that has begun comes to its end, and a request every other second leads, should nobody else.
let nextPingMs = Date.now() + 3000;
const isDone = async () => {
  if (Date.now() >= nextPingMs) {
    nextPingMs = Date.now() + 2000;
    await request("/plain");
  }
  return isDrained((await ask()).counters);
};
await sleep(1000);
await until(isDone, 60_000, "an empty queue");

const { counters, mostSends } = await ask();
const [{ delivered, dropped }] = counters.sinks;
const result = {
  ...seen,
  accepted: counters.accepted,
  delivered,
  received: receiver.store.events.length,
  dropped,
  twice: receiver.store.repeatedEvents(),
  posts: receiver.stats.posts,
  failedPosts: receiver.stats.failed,
  mostSendsOfAnInvocation: mostSends,
};
console.log(JSON.stringify(result));
await worker.stop();
await receiver.stop();

const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
const isWhole = result.received === result.accepted && lost === 0 && result.twice === 0;
process.exitCode = isWhole && seen.brokenLaws.length === 0 && mostSends <= SENDS_MAX ? 0 : 1;
