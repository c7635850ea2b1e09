// One trace over Workers, in the real `wrangler dev`: Worker A, a service binding to Worker B, a Durable Object, D1.
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startReceiver, until } from "../../tools/receiver.mjs";
import { linkPackage } from "../../tools/workerd.mjs";
import { startWrangler } from "../../tools/wrangler.mjs";

const fixtures = fileURLToPath(new URL("fixtures/tree", import.meta.url));

const CONFIGS = {
  a: {
    services: [
      { binding: "API", service: "b", entrypoint: "Api" },
      { binding: "BARE_API", service: "b", entrypoint: "BareApi" },
    ],
  },
  b: {
    durable_objects: { bindings: [{ name: "ROOM", class_name: "Room" }] },
    migrations: [{ tag: "v1", new_sqlite_classes: ["Room"] }],
    d1_databases: [{ binding: "DB", database_name: "db", database_id: "db" }],
  },
};

/** Both Workers, and what `wrangler dev` is to be called with. Its `--var` reaches only the first. */
function prepare(folder, vars) {
  linkPackage(folder);
  return Object.entries(CONFIGS).flatMap(([name, config]) => {
    copyFileSync(join(fixtures, `${name}.js`), join(folder, `${name}.js`));
    const base = { name, main: `${name}.js`, compatibility_date: "2026-07-01", vars };
    const text = JSON.stringify({ ...base, compatibility_flags: ["nodejs_compat"], ...config });
    writeFileSync(join(folder, `${name}.json`), text);
    return ["-c", `${name}.json`];
  });
}

/** What each request records: service, name, and what its parent is called. The first request is the first of its isolate. */
const TREES = {
  "/rpc": [
    ["a", "/rpc", undefined],
    ["a", "rpc:API.total", "/rpc"],
    ["b", "rpc:Api.total", "rpc:API.total"],
    ["b", "rpc:ROOM.total", "rpc:Api.total"],
    ["b", "rpc:Room.total", "rpc:ROOM.total"],
    ["b", "SELECT", "rpc:Room.total"],
  ],
  "/fetch": [
    ["a", "/fetch", undefined],
    ["a", "GET API", "/fetch"],
    ["b", "/total/a", "GET API"],
    ["b", "rpc:ROOM.total", "/total/a"],
    ["b", "rpc:Room.total", "rpc:ROOM.total"],
    ["b", "SELECT", "rpc:Room.total"],
  ],
};

const nameOf = ({ route, fn, summary }) => route ?? fn ?? summary;

test("one trace id over A, B by RPC and by fetch, a Durable Object and D1, as one tree", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-tree-"));
  const receiver = await startReceiver();
  const { events } = receiver.store;
  const flags = prepare(folder, { SINK_URL: receiver.url });
  const worker = await startWrangler(folder, { path: "/__up", flags });
  try {
    for (const [path, wanted] of Object.entries(TREES)) {
      const answer = await (await fetch(`${worker.url}${path}`)).json();
      assert.deepEqual(answer, { total: path === "/rpc" ? 42 : 21, rest: 0 });
      const root = () => events.find(({ route }) => route === path);
      const tree = () => events.filter(({ trace_id }) => trace_id === root()?.trace_id);
      await until(() => tree().length >= wanted.length, 20_000, `the tree of ${path}`);
      const parentOf = ({ parent_id }) => tree().find(({ span_id }) => span_id === parent_id);
      const found = tree().map((event) => [
        event.service,
        nameOf(event),
        parentOf(event) && nameOf(parentOf(event)),
      ]);
      const sorted = (rows) => rows.map((row) => row.join(" ")).sort();
      assert.deepEqual(sorted(found), sorted(wanted));
    }
    assert.deepEqual(await (await fetch(`${worker.url}/bare`)).json(), [1, 1]);
  } finally {
    worker.stop();
    await receiver.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});
