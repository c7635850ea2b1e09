import assert from "node:assert/strict";
import { test } from "node:test";
import { memorySink } from "../../js/index.ts";
import { assertLaws, settle, simulated } from "./_engine.ts";

interface Shown {
  readonly query: string;
  readonly summary: string;
  readonly db_system?: string;
}

/** What is recorded of `record`'s DB events, in their order. */
async function recorded(record: (tide: ReturnType<typeof simulated>["tide"]) => unknown): Promise<Shown[]> {
  const memory = memorySink();
  const { tide, host } = simulated({ sinks: [memory] });
  await record(tide);
  const flushed = tide.flush();
  await settle();
  await host.advance(100);
  await flushed;
  assertLaws(tide);
  return memory.events.filter(({ kind }) => kind === "DB") as unknown as Shown[];
}

const QUOTED = 'select "userName" from "Users" where id = 5';

test("the system says what double quotes hold", async () => {
  const systems = [
    "postgresql",
    "oracle",
    "mssql",
    "db2",
    "mysql",
    "mariadb",
    "bigquery",
    "sqlite",
    undefined,
  ];
  const shown = await recorded((tide) => {
    for (const system of systems) {
      tide.db(QUOTED, 0, 1, { ...(system && { system }) });
      tide.enqueue({
        kind: "DB",
        statement: 'select lower("hunter2") from t',
        startMs: 0,
        ...(system && { system }),
      });
    }
  });
  for (const [at, system] of systems.entries()) {
    const [names, value] = [shown[2 * at], shown[2 * at + 1]];
    const isName = !["mysql", "mariadb", "bigquery"].includes(String(system));
    const text = isName ? 'select "userName" from "Users" where id = ?' : "select ? from ? where id = ?";
    assert.deepEqual(
      [names?.query, names?.summary],
      [text, isName ? "SELECT Users" : "SELECT"],
      String(system),
    );
    const hides = at >= systems.indexOf("mysql");
    assert.equal(
      value?.query,
      hides ? "select lower(?) from t" : 'select lower("hunter2") from t',
      String(system),
    );
    assert.equal(names?.db_system, system);
  }
});

test("no literal and no user name is recorded, whichever call records it", async () => {
  const statements = [
    "select q'[it's hunter2]' from dual",
    "select [it's] from t where p = 'hunter2'",
    'CALL p("hunter2")',
    "CREATE USER hunter2 IDENTIFIED BY hunter2",
    'PRAGMA key("hunter2")',
    "select a #don't\nfrom t where p = 'hunter2'",
    "a='x\\''and p=')hunter2'",
  ];
  const shown = await recorded(async (tide) => {
    for (const statement of statements) {
      tide.db(statement, 0, 1);
      tide.enqueue({ kind: "DB", statement, startMs: 0, durationMs: 1 });
      await tide.query(statement, () => 1);
      await tide.scope(new Request("http://x/")).query(statement, () => 1);
    }
    assert.ok(!JSON.stringify(tide.stats()).includes("hunter2"));
  });
  assert.equal(shown.length, 4 * statements.length);
  for (const { query, summary } of shown) {
    assert.ok(!query.replace("CREATE USER hunter2", "").includes("hunter2"), query);
    assert.ok(!summary.includes("hunter2"), summary);
  }
});
