// A hub in bare workerd with its storage on disk, which can be killed and started again.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle, serveFolder } from "../../tools/workerd.mjs";

export const TOKEN = "s3cret";

const fixture = fileURLToPath(new URL("fixtures/hub.js", import.meta.url));

/** Runs `play` with a hub; it is gone afterwards. */
export async function withHub(options, play) {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-hub-"));
  await bundle(fixture, folder);
  const serve = () =>
    serveFolder(folder, {
      disk: true,
      objects: { TIDE_HUB: "TideHub" },
      bindings: { TOKEN, OPTIONS: options },
    });
  const hub = { worker: await serve(), log: "" };
  const ask = async (path, init) => {
    const response = await fetch(hub.worker.url + path, init);
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  /** SIGKILL, and the same storage again. */
  hub.restart = async () => {
    await hub.kill();
    hub.worker = await serve();
  };
  hub.kill = async () => {
    await hub.worker.stop();
    hub.log += hub.worker.log;
  };
  /** One push; resolves to the status, 0 if the connection broke. */
  hub.push = async ({ batchId, bytes }, more = {}) => {
    const headers = { authorization: `Bearer ${TOKEN}`, "idempotency-key": batchId, ...more };
    try {
      const response = await fetch(`${hub.worker.url}/hub`, { method: "POST", headers, body: bytes });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return 0;
    }
  };
  hub.view = () => ask("/view");
  hub.alarm = (shard = 0) => ask(`/alarm?shard=${shard}`);
  hub.size = (shard = 0) => ask(`/size?shard=${shard}`);
  hub.started = async () => (await ask("/started")).started;
  /** The clock stands still at `atMs`. */
  hub.standAt = (atMs) => ask(`/clock?atMs=${atMs}`);
  hub.state = async (shard = 0) => {
    const response = await fetch(`${hub.worker.url}/state?shard=${shard}`);
    return new Uint8Array(await response.arrayBuffer());
  };
  hub.clock = (skewMs) => ask(`/clock?skewMs=${skewMs}`);
  /** The object loses its memory, the process goes on. */
  hub.evict = async (shard = 0) => {
    await (await fetch(`${hub.worker.url}/evict?shard=${shard}`)).arrayBuffer();
  };
  hub.metrics = async (accept = "text/plain") => {
    const headers = { authorization: `Bearer ${TOKEN}`, accept };
    return (await fetch(`${hub.worker.url}/hub`, { headers })).text();
  };
  try {
    return await play(hub);
  } finally {
    await hub.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
