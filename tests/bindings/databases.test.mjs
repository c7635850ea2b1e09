// The recipes of docs/DATABASES.md, with the real libraries and real engines: D1 of workerd, and PostgreSQL.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eq } from "drizzle-orm";
import { drizzle as drizzleD1 } from "drizzle-orm/d1";
import { drizzle as drizzlePg } from "drizzle-orm/node-postgres";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import { integer as sqliteInteger, sqliteTable, text as sqliteText } from "drizzle-orm/sqlite-core";
import { Kysely, PostgresDialect } from "kysely";
import { D1Dialect } from "kysely-d1";
import pg from "pg";
import postgres from "postgres";
import { getPlatformProxy } from "wrangler";
import { root } from "../../tools/env.mjs";
import { brokenLaws } from "../../tools/laws.mjs";
import { postgresPrograms, startPostgres } from "../../tools/postgres.mjs";
import { linkPackage } from "../../tools/workerd.mjs";

const SECRET = "a'secret";
const folder = mkdtempSync(join(tmpdir(), "tidegate-databases-"));
const { createCollector, memorySink } = await import(
  join(linkPackage(folder), "node_modules", "tidegate", "dist", "inline.js")
);
after(() => rmSync(folder, { recursive: true, force: true }));

/** The code of a recipe: a function of what it uses, that returns what it defines. */
function recipe(title, start, uses, defines) {
  const page = readFileSync(join(root, "docs", "DATABASES.md"), "utf8");
  const section = page.split(/\n##+ /).find((part) => part.startsWith(`${title}\n`));
  const code = section.split("```js\n")[1].split("```")[0];
  const from = code.slice(code.indexOf(start));
  const [one] = from.split(/;\n(?! )/);
  return new Function(...uses, `${one}; return ${defines};`);
}

/** The DB events that `play` records. */
async function eventsOf(play) {
  const memory = memorySink();
  const tide = createCollector({ sinks: [memory] });
  await play(tide);
  await tide.close();
  assert.deepEqual(brokenLaws(tide.counters()), []);
  assert.ok(!JSON.stringify(memory.events).includes("secret"), "no value is recorded");
  return memory.events;
}

const told = (events) =>
  events.map(({ kind, db_system, summary, error }) => [kind, db_system, summary, error]);

describe("D1", () => {
  let platform;
  let env;

  before(async () => {
    const configPath = join(folder, "wrangler.json");
    const databases = [{ binding: "DB", database_name: "db", database_id: "db" }];
    const config = { name: "databases", compatibility_date: "2026-07-01", d1_databases: databases };
    writeFileSync(configPath, JSON.stringify(config));
    platform = await getPlatformProxy({ configPath, persist: false });
    ({ env } = platform);
    await env.DB.exec("create table items (id integer primary key, name text)");
  });
  after(() => platform?.dispose());

  test("Drizzle", async () => {
    const connect = recipe("D1", "const db = drizzle", ["tide", "env", "drizzle"], "db");
    const items = sqliteTable("items", { id: sqliteInteger().primaryKey(), name: sqliteText() });
    const events = await eventsOf(async (tide) => {
      const db = connect(tide, env, drizzleD1);
      await db.delete(items);
      await db.insert(items).values({ id: 1, name: SECRET });
      assert.deepEqual(await db.select().from(items).where(eq(items.name, SECRET)), [
        { id: 1, name: SECRET },
      ]);
      await db.batch([db.insert(items).values({ id: 2, name: "b" }), db.select().from(items)]);
      await assert.rejects(async () => db.insert(items).values({ id: 1, name: "again" }));
    });
    assert.deepEqual(told(events).slice(0, 3), [
      ["DB", "sqlite", "DELETE items", undefined],
      ["DB", "sqlite", "INSERT items", undefined],
      ["DB", "sqlite", "SELECT items", undefined],
    ]);
    assert.equal(events.length, 5);
    assert.ok(events[4].error);
    assert.equal(events[2].rows, 1);
  });

  test("Kysely", async () => {
    const connect = recipe("D1", "const db = new Kysely", ["tide", "env", "Kysely", "D1Dialect"], "db");
    const events = await eventsOf(async (tide) => {
      const db = connect(tide, env, Kysely, D1Dialect);
      await db.deleteFrom("items").execute();
      await db.insertInto("items").values({ id: 1, name: SECRET }).execute();
      const rows = await db.selectFrom("items").selectAll().where("name", "=", SECRET).execute();
      assert.deepEqual(rows, [{ id: 1, name: SECRET }]);
      await assert.rejects(db.selectFrom("nowhere").selectAll().execute());
    });
    assert.deepEqual(
      told(events).map(([, system, summary, error]) => [system, summary, error !== undefined]),
      [
        ["sqlite", "DELETE items", false],
        ["sqlite", "INSERT items", false],
        ["sqlite", "SELECT items", false],
        ["sqlite", "SELECT nowhere", true],
      ],
    );
  });
});

const bin = postgresPrograms();
const skip = bin === undefined && "PostgreSQL is not installed: apt install postgresql";

describe("PostgreSQL", { skip }, () => {
  let server;
  let pool;
  let sql;

  before(async () => {
    server = await startPostgres(bin);
    pool = new pg.Pool({ connectionString: server.url, max: 2 });
    sql = postgres(server.url, { max: 1 });
    await pool.query("create table items (id integer primary key, name text)");
  });
  after(async () => {
    await pool?.end();
    await sql?.end();
    await server?.stop();
  });

  const EXPECTED = [
    ["DB", "postgresql", "DELETE items", false],
    ["DB", "postgresql", "INSERT items", false],
    ["DB", "postgresql", "SELECT items", false],
    ["DB", "postgresql", "SELECT nowhere", true],
  ];
  const check = (events) => {
    const found = told(events).map((each) => [...each.slice(0, 3), each[3] !== undefined]);
    assert.deepEqual(found, EXPECTED);
    assert.ok(events.every(({ db_ms, dur_ms }) => (db_ms ?? dur_ms) > 0));
  };

  test("pg", async () => {
    const connect = recipe("pg", "const query", ["tide", "pool"], "query");
    check(
      await eventsOf(async (tide) => {
        const query = connect(tide, pool);
        await query("delete from items");
        await query(`insert into items values (1, 'a''secret')`);
        const { rows } = await query("select * from items where name = $1", [SECRET]);
        assert.deepEqual(rows, [{ id: 1, name: SECRET }]);
        await assert.rejects(query("select * from nowhere"), { code: "42P01" });
      }),
    );
  });

  test("postgres.js", async () => {
    const connect = recipe("postgres.js", "const measured", ["tide", "sql"], "measured");
    check(
      await eventsOf(async (tide) => {
        const measured = connect(tide, sql);
        await measured`delete from items`;
        await measured`insert into items values (1, ${SECRET})`;
        assert.deepEqual(
          [...(await measured`select * from items where id = ${1}`)],
          [{ id: 1, name: SECRET }],
        );
        await assert.rejects(async () => measured`select * from nowhere`, { code: "42P01" });
      }),
    );
  });

  test("Drizzle", async () => {
    const connect = recipe("Drizzle", "const db", ["tide", "pool", "drizzle"], "db");
    const table = (name) => pgTable(name, { id: integer().primaryKey(), name: text() });
    check(
      await eventsOf(async (tide) => {
        const db = connect(tide, pool, drizzlePg);
        const items = table("items");
        await db.delete(items);
        await db.insert(items).values({ id: 1, name: SECRET });
        assert.deepEqual(await db.select().from(items), [{ id: 1, name: SECRET }]);
        await assert.rejects(async () => db.select().from(table("nowhere")));
      }),
    );
  });

  test("Kysely", async () => {
    const uses = ["tide", "pool", "Kysely", "PostgresDialect"];
    const connect = recipe("Kysely, any dialect", "const db", uses, "db");
    check(
      await eventsOf(async (tide) => {
        const db = connect(tide, pool, Kysely, PostgresDialect);
        await db.deleteFrom("items").execute();
        await db.insertInto("items").values({ id: 1, name: SECRET }).execute();
        const rows = await db.selectFrom("items").selectAll().where("name", "=", SECRET).execute();
        assert.deepEqual(rows, [{ id: 1, name: SECRET }]);
        await assert.rejects(db.selectFrom("nowhere").selectAll().execute());
      }),
    );
  });
});
