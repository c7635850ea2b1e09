import assert from "node:assert/strict";
import { test } from "node:test";
import { Log } from "../../js/collector/log.ts";
import { NoticeBoard } from "../../js/collector/notices.ts";
import { settle, simulated } from "./_engine.ts";

const notice = { type: "sink-disabled", sink: "x", count: 1 } as const;

test("a listener hears its type until it is removed", () => {
  const board = new NoticeBoard(new Log());
  const heard: string[] = [];
  const off = board.on("sink-disabled", ({ sink }) => heard.push(sink));
  board.on("sink-recovered", () => heard.push("wrong type"));
  board.emit(notice);
  off();
  off();
  board.emit(notice);
  assert.deepEqual(heard, ["x"]);
  assert.equal(board.size, 1);
});

test("a listener that throws is reported once and the others still hear", async (t) => {
  const complaints = t.mock.method(console, "error", () => {});
  const board = new NoticeBoard(new Log());
  let heard = 0;
  board.on("sink-disabled", () => {
    throw new Error("mine");
  });
  board.on("sink-disabled", (async () => {
    throw new Error("late");
  }) as never);
  board.on("sink-disabled", () => void (heard += 1));
  board.emit(notice);
  board.emit(notice);
  await settle();
  assert.equal(heard, 2);
  assert.equal(complaints.mock.callCount(), 1);
});

test("a listener may call the collector: no call into the engine is on the stack", async () => {
  const { tide, host } = simulated({ sinks: [{ name: "x", format: "ndjson", send: () => "ok" }] });
  let flushes = 0;
  tide.on("flush", (flush) => {
    flushes += 1;
    assert.equal(flush.sink, "x");
    assert.equal(flush.outcome, "ok");
    tide.counters();
    if (flushes === 1) tide.evt("from a listener");
  });
  tide.evt("first");
  await host.advance(2000);
  assert.equal(flushes, 2);
  assert.equal(tide.counters().coreResets, 0);
});
