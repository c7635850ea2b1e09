// D1, KV, R2 and queues as wrangler's local platform has them: measured, they give what they give bare.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { getPlatformProxy } from "wrangler";
import { brokenLaws } from "../../tools/laws.mjs";
import { linkPackage } from "../../tools/workerd.mjs";

const folder = mkdtempSync(join(tmpdir(), "tidegate-bindings-"));
const { createCollector, memorySink } = await import(
  join(linkPackage(folder), "node_modules", "tidegate", "dist", "inline.js")
);

let platform;
let env;

before(async () => {
  const configPath = join(folder, "wrangler.json");
  const config = {
    name: "bindings",
    compatibility_date: "2026-07-01",
    d1_databases: [{ binding: "DB", database_name: "db", database_id: "db" }],
    kv_namespaces: [{ binding: "KV", id: "kv" }],
    r2_buckets: [{ binding: "R2", bucket_name: "bucket" }],
    queues: { producers: [{ binding: "QUEUE", queue: "queue" }] },
  };
  writeFileSync(configPath, JSON.stringify(config));
  platform = await getPlatformProxy({ configPath, persist: false });
  ({ env } = platform);
});

after(async () => {
  await platform?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** Figures of the machine, and of a database that has seen another play before. */
const OTHERS = /duration|timings|size_after|last_row_id/;

/** What `work` comes to. */
async function outcome(work) {
  try {
    const value = await work();
    return JSON.parse(JSON.stringify(value ?? null, (key, inner) => (OTHERS.test(key) ? 0 : inner)));
  } catch (error) {
    return { error: [error.constructor.name, error.message] };
  }
}

async function measuredBy(play) {
  const memory = memorySink();
  const tide = createCollector({ sinks: [memory] });
  const result = await play(tide);
  await tide.close();
  assert.deepEqual(brokenLaws(tide.counters()), []);
  return { result, events: memory.events };
}

const fresh = async () => {
  await env.DB.exec("drop table if exists items");
  await env.DB.exec("create table items (id integer primary key, name text, price real)");
};

/** Everything a D1 binding does. */
const steps = {
  insert: (db) => db.prepare("insert into items (name, price) values (?, ?), ('b', 2)").bind("a", 1.5).run(),
  all: (db) => db.prepare("select * from items where price > 1 order by id").all(),
  none: (db) => db.prepare("select * from items where id = ?1").bind(99).all(),
  first: (db) => db.prepare("select name, price from items where id = ?").bind(1).first(),
  column: (db) => db.prepare("select name, price from items").first("price"),
  nothing: (db) => db.prepare("select name from items where id = 99").first(),
  missing: (db) => db.prepare("select name from items").first("no such column"),
  raw: (db) => db.prepare("select id, name from items").raw(),
  header: (db) => db.prepare("select id, name from items").raw({ columnNames: true }),
  update: (db) => db.prepare("update items set price = price + 1").run(),
  batch: (db) =>
    db.batch([
      db.prepare("insert into items (name) values (?)").bind("c"),
      db.prepare("select count(*) as n from items"),
    ]),
  broken: (db) => db.prepare("select * from nowhere").all(),
  unbound: (db) => db.prepare("select ?").bind(undefined).all(),
  exec: (db) => db.exec("insert into items (name) values ('d')"),
  execBroken: (db) => db.exec("not sql"),
  session: (db) => db.withSession("first-primary").prepare("select count(*) as n from items").first(),
  sessionBatch: (db) => {
    const session = db.withSession();
    return session.batch([session.prepare("select 1 as one")]);
  },
};

async function play(db) {
  const results = {};
  for (const [name, step] of Object.entries(steps)) results[name] = await outcome(() => step(db));
  return results;
}

test("D1 gives what it gives bare, value by value and error by error", async () => {
  await fresh();
  const bare = await play(env.DB);
  await fresh();
  const { result, events } = await measuredBy((tide) => play(tide.d1(env.DB)));
  assert.deepEqual(result, bare);
  assert.equal(bare.first.name, "a");
  assert.ok(bare.broken.error && bare.execBroken.error);

  const told = Object.fromEntries(events.map((event, at) => [Object.keys(steps)[at], event]));
  assert.equal(events.length, Object.keys(steps).length - (bare.unbound.error ? 1 : 0));
  assert.ok(events.every(({ kind, db_system }) => kind === "DB" && db_system === "sqlite"));
  assert.deepEqual(
    ["insert", "all", "none", "first", "nothing", "raw", "header", "update", "batch"].map(
      (name) => told[name].rows,
    ),
    [2, 2, 0, 1, 0, 2, 2, 2, 2],
  );
  assert.equal(told.insert.query, "insert into items (name, price) values (?, ?), (?, ?)");
  assert.equal(told.all.summary, "SELECT items");
  assert.equal(told.batch.query, "insert into items (name) values (?); select count(*) as n from items");
  assert.ok(told.broken.error);
});

test("a batch takes statements of the binding itself beside measured ones", async () => {
  await fresh();
  const { result } = await measuredBy((tide) => {
    const db = tide.d1(env.DB);
    return db.batch([env.DB.prepare("select 1 as n"), db.prepare("select 2 as n")]);
  });
  assert.deepEqual(
    result.map(({ results }) => results[0].n),
    [1, 2],
  );
});

test("KV, R2 and a queue's producer are functions, and give what they give bare", async () => {
  const { result, events } = await measuredBy(async (tide) => {
    const [kv, r2, queue] = ["KV", "R2", "QUEUE"].map((name) => tide.binding(name, env[name]));
    await kv.put("key", "value", { metadata: { a: 1 } });
    await r2.put("object", "bytes");
    await queue.send({ job: 1 });
    return {
      text: await kv.get("key"),
      meta: await kv.getWithMetadata("key"),
      none: await kv.get("none"),
      object: await (await r2.get("object")).text(),
      head: (await r2.head("object")).size,
      error: await outcome(() => kv.put("key", "value", { expirationTtl: 1 })),
    };
  });
  assert.deepEqual(result.text, await env.KV.get("key"));
  assert.deepEqual(result.meta, await env.KV.getWithMetadata("key"));
  assert.deepEqual([result.none, result.object, result.head], [null, "bytes", 5]);
  assert.deepEqual(result.error, await outcome(() => env.KV.put("key", "value", { expirationTtl: 1 })));
  const names = events.map(({ kind, fn, error }) => `${kind} ${fn}${error ? " failed" : ""}`);
  assert.deepEqual(names, [
    "FN rpc:KV.put",
    "FN rpc:R2.put",
    "FN rpc:QUEUE.send",
    "FN rpc:KV.get",
    "FN rpc:KV.getWithMetadata",
    "FN rpc:KV.get",
    "FN rpc:R2.get",
    "FN rpc:R2.head",
    "FN rpc:KV.put failed",
  ]);
});
