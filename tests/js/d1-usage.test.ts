/** What D1 says of a statement: rows read and written, and its own duration. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memorySink } from "../../js/index.ts";
import { assertLaws, simulated } from "./_engine.ts";

type Shown = Partial<Record<"rows" | "rows_read" | "rows_written" | "db_ms", number>>;
const figuresOf = ({ rows, rows_read, rows_written, db_ms }: Shown) => ({
  rows,
  rows_read,
  rows_written,
  db_ms,
});

const result = (rows_read: unknown, rows_written: unknown, duration: unknown, results: unknown[] = []) => ({
  results,
  meta: { rows_read, rows_written, duration, changes: 4 },
});

/** A database whose calls give `answers`, one after the other. */
function databaseOf(answers: unknown[]) {
  const next = async (..._given: unknown[]) => answers.shift() as never;
  const statement = {
    bind: (..._given: unknown[]) => statement,
    all: next,
    run: next,
    first: next,
    raw: next,
  };
  return { prepare: (_: string) => statement, batch: next, exec: next };
}

function setUp(answers: unknown[]) {
  const memory = memorySink();
  const made = simulated({ sinks: [memory] });
  return { ...made, memory, db: made.tide.d1(databaseOf(answers)) };
}

test("rows read and written and the database's own duration are on the event of each statement", async () => {
  const { tide, memory, db } = setUp([
    result(120, 0, 0.25, [1, 2]),
    result(1, 3, 12.5),
    result(0, 0, 0, [1]),
    [1, 2, 3],
    null,
    { count: 2, duration: 7 },
  ]);
  await db.prepare("select a from t").all();
  await db.prepare("insert into t values (1)").bind(1).run();
  await db.prepare("select b from t").all();
  await db.prepare("select c from t").raw();
  await db.prepare("select d from t").first();
  await db.exec("select 1");
  await tide.flush();
  const nothing = { rows_read: undefined, rows_written: undefined, db_ms: undefined };
  assert.deepEqual((memory.events as unknown as Shown[]).map(figuresOf), [
    { rows: 2, rows_read: 120, rows_written: 0, db_ms: 0.25 },
    { rows: 4, rows_read: 1, rows_written: 3, db_ms: 12.5 },
    { rows: 1, rows_read: 0, rows_written: 0, db_ms: 0 },
    { ...nothing, rows: 3 },
    { ...nothing, rows: 0 },
    { ...nothing, rows: undefined, db_ms: 7 },
  ]);
});

test("a batch has the sums of its statements", async () => {
  const { tide, memory, db } = setUp([[result(5, 1, 0.5, [1]), result(7, 2, 0.25, [1, 2]), {}], []]);
  await db.batch([db.prepare("select 1"), db.prepare("select 2"), db.prepare("select 3")]);
  await db.batch([]);
  await tide.flush();
  const [first, second] = memory.events as unknown as Shown[];
  assert.deepEqual(figuresOf(first!), { rows: 3, rows_read: 12, rows_written: 3, db_ms: 0.75 });
  assert.deepEqual(Object.keys(second!).includes("rows_read"), false);
});

test("stats sum them by statement, and show nothing where no driver says them", async () => {
  const answers = Array.from({ length: 30 }, (_, n) => result(n, n % 2, 1));
  const { tide, host, db } = setUp([...answers, [1]]);
  for (let n = 0; n < 30; n += 1) {
    await db.prepare(n % 3 === 0 ? "select a from t" : "update u set a = 1").all();
    host.nowMs += 10_000;
  }
  await db.prepare("select c from v").raw();
  tide.fn("f", host.nowMs, 1);
  const series = tide.stats().series;
  const of = (name: string) => {
    const row = series.find((row) => row.name === name)!;
    return [row.count, row.rowsRead, row.rowsWritten];
  };
  assert.deepEqual(of("SELECT t"), [10, 135, 5]);
  assert.deepEqual(of("UPDATE u"), [20, 300, 10]);
  for (const name of ["SELECT v", "f"]) {
    const row = series.find((row) => row.name === name)!;
    assert.equal("rowsRead" in row || "rowsWritten" in row, false, name);
  }
  // 15 minutes after the last statement nothing is left.
  host.nowMs += 920_000;
  assert.deepEqual(tide.stats().series, []);
});

test("figures that are none are left out and counted; results of any shape do no harm", async () => {
  const bad = ["5", -1, 0.5, Number.NaN, {}, 2 ** 53];
  for (const figure of bad) {
    const { tide, memory, db } = setUp([result(figure, figure, 1)]);
    await db.prepare("select 1").run();
    await tide.flush();
    const [event] = memory.events as unknown as Shown[];
    assert.deepEqual([event!.rows_read, event!.rows_written, event!.db_ms], [undefined, undefined, 1]);
    assert.equal(assertLaws(tide).truncated, 2, `${String(figure)}`);
  }
  for (const answer of [undefined, null, 5, { meta: null }, { meta: 5 }, { results: 7 }, []]) {
    const { tide, memory, db } = setUp([answer]);
    await db.prepare("select 1").all();
    await tide.flush();
    assert.equal(memory.events.length, 1);
  }
});
