// Processes: they end by themselves, and what they accepted before a signal is delivered or counted.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { root, which } from "../../tools/env.mjs";
import { brokenLaws } from "../../tools/laws.mjs";
import { startReceiver, until } from "../../tools/receiver.mjs";
import { nodes } from "../pack/_install.mjs";

const runtimes = nodes.map((node) => {
  const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
  return { name: `Node ${version}`, program: node, args: [] };
});
runtimes.push({ name: "Deno", program: which("deno"), args: ["run", "--no-prompt", "--allow-net"] });
runtimes.push({ name: "Bun", program: which("bun"), args: [] });

const script = (name) => join(root, "tests", "hosts", name);

function start({ program, args }, file, ...given) {
  const child = spawn(program, [...args, script(file), ...given], { stdio: ["ignore", "pipe", "pipe"] });
  const lines = [];
  let errors = "";
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop();
    lines.push(...parts.filter(Boolean).map((line) => JSON.parse(line)));
  });
  child.stderr.setEncoding("utf8").on("data", (text) => (errors += text));
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal, errors }));
  return { child, lines, ended };
}

/** Requests without a pause until `stop`; `.answered` of them were. */
function load(port, concurrency = 16) {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const state = { answered: 0, over: false };
  const one = () =>
    new Promise((resolve) => {
      const sent = request({ agent, port, host: "127.0.0.1", path: "/load" }, (response) => {
        response.on("end", () => resolve((state.answered += 1)));
        response.on("error", resolve);
        response.resume();
      });
      sent.on("error", resolve);
      sent.end();
    });
  const loop = async () => {
    while (!state.over) await one();
  };
  const loops = Array.from({ length: concurrency }, loop);
  state.stop = async () => {
    state.over = true;
    agent.destroy();
    await Promise.all(loops);
  };
  return state;
}

/** Starts the server, kills it under load, and gives what is known afterwards. */
async function killed(runtime, options, receiverOptions, kill) {
  const receiver = await startReceiver(receiverOptions);
  const { child, lines, ended } = start(runtime, "_server.mjs", receiver.url, JSON.stringify(options));
  try {
    await until(() => lines.length > 0, 20_000, "the server");
    const traffic = load(lines[0].port);
    await until(() => traffic.answered >= 400, 20_000, "traffic");
    const before = traffic.answered;
    await kill(child);
    const end = await ended;
    await traffic.stop();
    const { events, metas } = receiver.store;
    // Batches carry the counters of the moment when they were cut; notices and the server itself tell later ones.
    const all = [...metas.map(({ counters }) => counters), ...lines.map(({ counters }) => counters)];
    const last = all.sort((a, b) => a.emitted - b.emitted || a.accepted - b.accepted).at(-1);
    for (const { counters } of lines) assert.deepEqual(brokenLaws(counters), []);
    assert.equal(receiver.store.repeatedEvents(), 0);
    return { ...end, before, received: events.length, last, lines };
  } finally {
    child.kill("SIGKILL");
    await receiver.stop();
  }
}

/** Accepted: what has arrived, and what the ledger says was lost. Two events a request. */
function checkLedger({ received, last, before }) {
  const [{ dropped }] = last.sinks;
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  assert.equal(received + lost, last.accepted);
  assert.ok(last.accepted >= 2 * before, `${last.accepted} of ${before} requests`);
  return lost;
}

for (const runtime of runtimes) {
  const { name } = runtime;

  for (const signal of ["SIGTERM", "SIGINT"]) {
    test(`${name}: ${signal} under load delivers what was accepted, then ends the process`, async () => {
      const end = await killed(runtime, {}, {}, (child) => child.kill(signal));
      assert.deepEqual([end.signal ?? end.code, end.errors], [signal, ""]);
      assert.equal(checkLedger(end), 0);
    });
  }

  for (const times of [1, 2]) {
    test(`${name}: a sink too slow for the end, ${times} signals: what it did not take is counted`, async () => {
      const slow = { delayMs: 1500 };
      const end = await killed(runtime, { closeTimeoutMs: 400 }, slow, async (child) => {
        for (let sent = 0; sent < times; sent += 1) {
          child.kill("SIGTERM");
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      });
      assert.deepEqual([end.signal ?? end.code, end.errors], ["SIGTERM", ""]);
      assert.ok(checkLedger(end) > 0, "nothing was lost: the sink was not slow");
      assert.ok(end.last.sinks[0].dropped.closed > 0);
    });
  }

  test(`${name}: who listens to the signal too ends the process, not tidegate`, async () => {
    const end = await killed(runtime, { own: "SIGTERM" }, {}, (child) => child.kill("SIGTERM"));
    assert.deepEqual([end.code, end.signal, end.errors], [7, null, ""]);
    assert.equal(checkLedger(end), 0);
    assert.equal(end.lines.at(-1).told, "own");
  });

  test(`${name}: handleSignals: false leaves signals alone`, async () => {
    const end = await killed(runtime, { handleSignals: false }, {}, (child) => child.kill("SIGTERM"));
    assert.equal(end.signal ?? end.code, "SIGTERM");
  });

  test(`${name}: a program that is done ends by itself, and what it recorded arrives`, async () => {
    for (const [what, count, hang] of [
      ["import", 0, 0],
      ["create", 0, 0],
      ["record", 1000, 0],
      ["record", 1000, 1],
    ]) {
      const receiver = await startReceiver({ hang });
      try {
        const { lines, ended } = start(runtime, "_idle.mjs", what, receiver.url);
        const { code, errors } = await ended;
        assert.deepEqual([code, lines], [0, [{ what }]]);
        assert.match(errors, hang > 0 ? /^tidegate: sink ndjson .* failed: timeout: [^\n]*\n$/ : /^$/);
        const { length } = receiver.store.events;
        // A post that is never answered uses up the deadline: then the rest may stay behind, but not the process.
        if (hang > 0) assert.ok(length >= 256 && length <= count, `${length} events`);
        else assert.equal(length, count, what);
      } finally {
        await receiver.stop();
      }
    }
  });

  test(`${name}: an error of the program's own ends it as it would without`, async () => {
    const { ended } = start(runtime, "_idle.mjs", "throw", "http://127.0.0.1:1/");
    const { code, errors } = await ended;
    assert.equal(code, 1);
    assert.match(errors, /RangeError: mine|error: mine/);
  });
}
