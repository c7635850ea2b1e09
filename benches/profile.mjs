/** What a Worker's thread does under load, by V8's sampling profiler over workerd's inspector. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { SourceMap } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import autocannon from "autocannon";
import { bundle, serveFolder } from "../tools/workerd.mjs";
import { NODE, withSink, workerFile } from "./worker-files.mjs";

const CONNECTIONS = 8;
const WARM_UP_MS = 8000;
const PROFILE_MS = 8000;
const INTERVAL_US = 200;
const ROWS = 25;

/** Microseconds a request of each function itself, the largest first, in the Worker `name` of benches/workers. */
export function profile(name, say) {
  return withSink(async (sink) => {
    const folder = mkdtempSync(join(tmpdir(), "tidegate-profile-"));
    await bundle(workerFile(name), folder, { sourcemap: "external" });
    const worker = await serveFolder(folder, {
      bindings: { SINK: `${sink}/${name}` },
      flags: NODE,
      inspector: true,
    });
    try {
      await fetch(`${worker.url}/items/7`);
      const { seen, seconds, profile } = await underLoad(worker, say);
      return { perSecond: seen / seconds, functions: byFunction(profile, seen, namesOf(folder)) };
    } finally {
      await worker.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

async function underLoad({ url, inspectorUrl }, say) {
  const session = await inspect(inspectorUrl);
  const load = autocannon({ url: `${url}/items/7`, connections: CONNECTIONS, duration: 60 });
  let requests = 0;
  load.on("response", () => {
    requests += 1;
  });
  say("warming up");
  await sleep(WARM_UP_MS);
  const before = requests;
  await session.send("Profiler.enable");
  await session.send("Profiler.setSamplingInterval", { interval: INTERVAL_US });
  await session.send("Profiler.start");
  await sleep(PROFILE_MS);
  const { profile } = await session.send("Profiler.stop");
  const seen = requests - before;
  session.close();
  load.stop();
  await once(load, "done");
  return { seen, seconds: PROFILE_MS / 1000, profile };
}

function byFunction({ nodes, samples, timeDeltas }, requests, nameOf) {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const selfUs = new Map();
  samples.forEach((id, at) => {
    const name = names.get(id);
    selfUs.set(name, (selfUs.get(name) ?? 0) + timeDeltas[at]);
  });
  const rows = [...selfUs].map(([name, us]) => ({ name, us: us / requests }));
  return rows.sort((a, b) => b.us - a.us).slice(0, ROWS);
}

/** What a function is called: the Worker's own by their sources, since names in the program are short. */
function namesOf(folder) {
  const map = JSON.parse(readFileSync(join(folder, "worker.js.map"), "utf8"));
  const places = new SourceMap(map);
  const lines = new Map(map.sources.map((source, at) => [source, map.sourcesContent[at].split("\n")]));
  return ({ functionName, url, lineNumber, columnNumber }) => {
    const place = url === "worker.js" ? places.findEntry(lineNumber, columnNumber) : {};
    if (place.originalSource === undefined) return functionName || "(native)";
    const text = lines.get(place.originalSource)[place.originalLine].slice(place.originalColumn);
    const [name = "=>"] = text.match(/^#?[\w$]+(?=[(<])/) ?? [];
    return `${name} (${basename(place.originalSource)}:${place.originalLine + 1})`;
  };
}

/** A session of the Chrome DevTools Protocol. */
async function inspect(address) {
  const [{ webSocketDebuggerUrl }] = await (await fetch(`${address}/json`)).json();
  const socket = new WebSocket(webSocketDebuggerUrl);
  const answers = new Map();
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(data);
    answers.get(id)?.(result);
  };
  await once(socket, "open");
  const send = (method, params = {}) => {
    const id = answers.size + 1;
    return new Promise((resolve) => {
      answers.set(id, resolve);
      socket.send(JSON.stringify({ id, method, params }));
    });
  };
  return { send, close: () => socket.close() };
}
