import assert from "node:assert/strict";
import { test } from "node:test";
import { createCollector } from "../../js/index.ts";
import type { BytesSink } from "../../js/types/index.ts";
import { assertLaws, settle, simulated } from "./_engine.ts";

function names(bytes: Uint8Array): string[] {
  const lines = new TextDecoder().decode(bytes).trim().split("\n");
  const objects = lines.map((line) => JSON.parse(line) as { kind: string; name: string });
  return objects.filter(({ kind }) => kind === "EVT").map(({ name }) => name);
}

function sink(send: BytesSink["send"], keepsBytes?: boolean): BytesSink {
  return { name: "test", format: "ndjson", send, ...(keepsBytes === undefined ? {} : { keepsBytes }) };
}

test("a sink may keep its bytes: later batches leave them alone", async () => {
  const kept: Uint8Array[] = [];
  const { tide } = simulated({ batchMax: 1, sinks: [sink((bytes) => void kept.push(bytes))] });
  for (const name of ["one", "two", "three"]) tide.evt(name);
  await tide.flush();
  assert.deepEqual(kept.flatMap(names), ["one", "two", "three"]);
  assertLaws(tide);
});

test("a sink that does not keep them is given the same memory again", async () => {
  const memory = new Set<unknown>();
  const seen: string[] = [];
  const read = (bytes: Uint8Array): void => {
    memory.add(bytes.buffer);
    seen.push(...names(bytes));
  };
  const { tide } = simulated({ batchMax: 1, sinks: [sink(read, false)] });
  const long = "x".repeat(90);
  for (const name of [long, "two", "three"]) tide.evt(name);
  await tide.flush();
  assert.deepEqual(seen, [long, "two", "three"]);
  assert.equal(memory.size, 1);
  assertLaws(tide);
});

test("memory that is too small for a batch is replaced by what fits", async () => {
  const seen: string[] = [];
  const { tide } = simulated({ sinks: [sink((bytes) => void seen.push(...names(bytes)), false)] });
  const expected: string[] = [];
  for (const count of [1, 250, 3, 256]) {
    for (let n = 0; n < count; n += 1) {
      const name = `${count}:${n} ${"x".repeat(60)}`;
      tide.evt(name);
      expected.push(name);
    }
    await tide.flush();
  }
  assert.deepEqual(seen, expected);
});

test("no other batch touches the bytes of a send under way, nor of one whose deadline has passed", async () => {
  const sends: { bytes: Uint8Array; answer: () => void }[] = [];
  const hold: BytesSink["send"] = (bytes) =>
    new Promise((resolve) => sends.push({ bytes, answer: () => resolve("ok") }));
  const others: string[] = [];
  const other = { ...sink((bytes) => void others.push(...names(bytes)), false), name: "other" };
  const { tide, host } = simulated({ batchMax: 1, sinks: [sink(hold, false), other] });
  for (const name of ["one", "two", "three"]) tide.evt(name);
  const first = tide.flush();
  await settle();
  await host.advance(2_500);
  await first;
  assert.ok(sends.length >= 1);
  for (let step = 0; step < 100 && sends.length < 2; step += 1) await host.advance(100);
  assert.ok(sends.length >= 2, "it was not tried again");
  // The first attempt was given up by the collector, not by the sink, which may still read.
  for (const { bytes } of sends) assert.deepEqual(names(bytes), ["one"]);
  assert.notEqual(sends[0]?.bytes.buffer, sends[1]?.bytes.buffer);
  assert.deepEqual(others, ["one", "two", "three"]);
  assertLaws(tide);

  const used = sends.map(({ bytes }) => bytes.buffer);
  for (const { answer } of sends) answer();
  await host.advance(1_000);
  assert.ok(sends.length > used.length, "what waited is sent");
  assert.ok(used.includes(sends.at(-1)?.bytes.buffer as ArrayBuffer), "what was answered is used again");
});

test("keepsBytes is a boolean", () => {
  const bad = { name: "test", format: "ndjson", send() {}, keepsBytes: 0 } as never;
  assert.throws(() => createCollector({ sinks: [bad] }), {
    code: "config/sink",
    message: "sinks[0].keepsBytes must be a boolean",
  });
});
