import assert from "node:assert/strict";
import { test } from "node:test";
import { memorySink } from "../../js/index.ts";
import { settle, simulated } from "./_engine.ts";

const statement = {
  bind: () => statement,
  all: async () => ({ results: [1, 2] }),
  run: async () => ({}),
  first: async () => 1,
  raw: async () => [],
};
const session = { prepare: (_text: string) => statement, batch: async () => [], getBookmark: () => "mark" };

test("a session of D1 is measured as a database is, and gains nothing that it lacks", async () => {
  const memory = memorySink();
  const { tide } = simulated({ sinks: [memory] });
  const database = { ...session, exec: async (_text: string) => ({ count: 1 }), withSession: () => session };
  const measured = tide.d1(session);
  assert.equal("exec" in measured, false);
  assert.equal("withSession" in measured, false);
  assert.equal(measured.getBookmark(), "mark");
  await measured.prepare("select 1").all();
  await tide.d1(database).withSession().prepare("select 2").all();
  await tide.d1(database).exec("select 3");
  await settle();
  await tide.flush();
  assert.deepEqual(
    (memory.events as unknown as { rows?: number }[]).map(({ rows }) => rows),
    [2, 2, undefined],
  );
});

test("a database that is not there is none, and fails where it is used", () => {
  const { tide } = simulated({});
  for (const none of [undefined, null]) assert.equal(tide.d1(none as never), none);
});
