// npm run demo [-- options]: worker-example in real workerd, real requests, a real HTTP sink; then the numbers.
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { report } from "../tools/demo-report.mjs";
import { root } from "../tools/env.mjs";
import { brokenLaws, isDrained } from "../tools/laws.mjs";
import { decoded } from "../tools/otlp.mjs";
import { startReceiver, until } from "../tools/receiver.mjs";
import { drive, plan } from "../tools/traffic.mjs";
import { startExample } from "../tools/wrangler.mjs";
import { build } from "./build.mjs";
import { demoHub } from "./demo-hub.mjs";

const usage = `usage: npm run demo [-- options]
  --check         end by itself; the last line is JSON, the exit code tells whether nothing was lost
  --hub           several instances of the Worker push to one hub, which is restarted; then the counts of both
  --sink KIND     ndjson (the default) or otlp: how the Worker sends its events
  --requests N    how many requests to send (2000)
  --concurrency N how many at a time (32)
  --seed N        which mix of them (1)
  --fail N        the receiver answers 500 (OTLP: 503) to the first N posts
  --hang N        then the receiver takes N posts and never answers them`;

/** The command line as numbers and switches, or an error that tells the usage. */
function options() {
  const count = (name, fallback) => {
    if (!/^\d+$/.test(values[name] ?? fallback)) throw new Error(`--${name} wants a whole number`);
    return Number(values[name] ?? fallback);
  };
  const text = { type: "string" };
  const known = {
    check: { type: "boolean" },
    hub: { type: "boolean" },
    sink: text,
    requests: text,
    concurrency: text,
    seed: text,
    fail: text,
    hang: text,
  };
  const { values } = parseArgs({ options: known });
  if (!["ndjson", "otlp"].includes(values.sink ?? "ndjson")) throw new Error("--sink wants ndjson or otlp");
  return {
    check: values.check ?? false,
    hub: values.hub ?? false,
    sink: values.sink ?? "ndjson",
    requests: count("requests", "2000"),
    concurrency: count("concurrency", "32"),
    seed: count("seed", "1"),
    fail: count("fail", "0"),
    hang: count("hang", "0"),
  };
}

/** The Worker's own view. `asked` counts these calls, since each is an excluded request itself. */
function debugRoute(url) {
  const debug = { asked: 0, latest: null };
  debug.read = async () => {
    debug.asked += 1;
    debug.latest = await (await fetch(`${url}/__tide`)).json();
    return debug.latest;
  };
  return debug;
}

/** What keeps the dashboard moving after the run. */
const GENTLE = { concurrency: 1, bursts: 40, pauseMs: 300 };

/** Every way in which the run disagrees with itself; empty when all is well. */
function problems({ counters, stats, seen, asked, before, store, subrequests, malformed }) {
  const found = brokenLaws(counters);
  const expect = (what, actual, wanted) => {
    if (actual !== wanted) found.push(`${what}: ${actual}, expected ${wanted}`);
  };
  const [sink] = counters.sinks;
  expect("requests without an answer", seen.unanswered, 0);
  expect("requests measured", stats.count, seen.requests - seen.excluded);
  // The debug route is excluded too: `before` had not ended when it was read, and the last call has not either.
  expect("requests excluded", counters.excluded - before.excluded, seen.excluded + asked);
  expect("accepted by the sink", sink.accepted, counters.accepted);
  expect("events received", store.events.length, counters.accepted);
  expect("events under two ids", store.repeatedEvents(), 0);
  expect("repeats with other content", store.changedRepeats, 0);
  expect("batches without a key", store.unkeyed, 0);
  expect("batches that are not what they say", malformed, 0);
  // Errors are recorded whatever the rate: the client's count must arrive to the last one.
  expect("failed requests received", store.events.filter(isServerError).length, seen.serverErrors);
  if (!isDrained(counters)) found.push("events still wait");
  expect("events under another request", mixed(store.events), 0);
  if (subrequests > seen.requests / 20) found.push(`${subrequests} posts for ${seen.requests} requests`);
  return found;
}

/** Children that stand under a request which is not theirs: reads of an item tell which, and so does their request. */
function mixed(events) {
  const requests = new Map(
    events.filter(({ kind }) => kind === "REQ").map((event) => [event.span_id, event]),
  );
  const idOf = ({ attributes }) => attributes?.["item.id"];
  const wrong = (child) => {
    const request = requests.get(child.parent_id);
    // Every statement of the example's belongs to a request for items, and is recorded with it.
    if (child.kind === "DB")
      return !request?.route.startsWith("/api/items") || request.trace_id !== child.trace_id;
    return child.name === "item.read" && (request === undefined || idOf(request) !== idOf(child));
  };
  return events.filter(wrong).length;
}

const isServerError = ({ kind, status, error }) => kind === "REQ" && (status >= 500 || error !== undefined);

function progress(done, total) {
  if (process.stdout.isTTY) process.stdout.write(`\rsending: ${done} of ${total} requests `);
  else if (done % 500 === 0) console.log(`sending: ${done} of ${total} requests`);
}

function summary(requests, { counters, received, subrequests, store }) {
  const [{ delivered, dropped }] = counters.sinks;
  const { accepted } = counters;
  const lost = accepted - received;
  return { requests, accepted, delivered, received, dropped, lost, mixed: mixed(store.events), subrequests };
}

async function main({ check, sink, requests, concurrency, seed, fail, hang }) {
  await build();
  const file = join(root, "build", "demo", `events.${sink}.ndjson`);
  mkdirSync(join(root, "build", "demo"), { recursive: true });
  rmSync(file, { force: true });
  const receiver = await startReceiver({ file, fail, hang });
  console.log("starting worker-example in local workerd");
  const SINK_URL = sink === "otlp" ? receiver.base : receiver.url;
  const token = randomBytes(12).toString("base64url");
  const example = await startExample({
    SINK: sink,
    SINK_URL,
    DASHBOARD_TOKEN: token,
    HUB_INTERVAL_MS: "1000",
  });
  console.log(`dashboard: ${example.url}/tide/ (log in with the token ${token})`);

  const debug = debugRoute(example.url);
  const before = (await debug.read()).counters;
  debug.asked = 0;
  const seen = await drive(example.url, plan(requests, seed), { concurrency, onProgress: progress });
  console.log("\nwaiting for the last batches");
  const drained = async () => isDrained((await debug.read()).counters);
  await until(drained, 45_000, "an empty queue").catch((error) => console.error(error.message));

  // A last look, after which nothing more is asked: the counters and the receiver must now agree.
  const { counters, stats } = await debug.read();
  const { store } = receiver;
  const subrequests = receiver.stats.posts;
  const { malformed } = receiver.stats;
  const recorded = store.events.filter(({ kind }) => kind === "REQ").length;
  const received = store.events.length;
  const run = { counters, stats, seen, store, subrequests, malformed, received, recorded, file };
  const found = problems({ ...run, before, asked: debug.asked });
  console.log(`\n${report(run)}\n`);
  if (sink === "otlp") {
    console.log(`OTLP payloads decoded by the official definitions: ${decoded.traces + decoded.logs}`);
  }
  for (const problem of found) console.error(`NOT AS IT SHOULD BE: ${problem}`);
  process.exitCode = found.length > 0 ? 1 : 0;

  if (check) {
    example.stop();
    await receiver.stop();
    console.log(JSON.stringify(summary(requests, run)));
    return;
  }
  console.log(
    `still up, with some traffic: ${example.url}/api/items and ${example.url}/__tide (Ctrl-C ends)`,
  );
  console.log(`dashboard: ${example.url}/tide/ (log in with the token ${token})`);
  process.once("SIGINT", () => process.exit());
  for (;;) await drive(example.url, plan(200, seed), GENTLE);
}

// The Worker's processes end in an "exit" handler, which a signal alone would skip.
for (const signal of ["SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(143));

let parsed;
try {
  parsed = options();
} catch (error) {
  console.error(`${error.message}\n\n${usage}`);
  process.exit(2);
}
await (parsed.hub ? demoHub(parsed) : main(parsed));
