// What a receiver learns of losses from the batches themselves, and that hearing it twice changes nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createCollector, ndjson } from "../../pkg/dist/inline.js";
import { brokenLaws } from "../../tools/laws.mjs";

const lines = (body) =>
  body
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

/** A fetch that answers as `plan` says, then 200, and keeps what it was sent. */
function recording(plan) {
  const posts = [];
  const fetch = async (_, { headers, body }) => {
    const answer = plan[posts.length] ?? 200;
    posts.push({ key: headers["idempotency-key"], body: new TextDecoder().decode(body), answer });
    if (answer === "reset") throw new TypeError("fetch failed");
    return new Response(null, { status: answer });
  };
  return { posts, fetch };
}

test("META is cumulative and frozen with its batch: a repeat is the same to the byte", async () => {
  const { posts, fetch } = recording([500, "reset", 200, 400, 200, 503]);
  const tide = createCollector({
    sinks: [ndjson({ url: "http://sink.example/", fetch, gzip: false })],
    ...{ autoTick: false, retryBaseMs: 1, retryMaxMs: 2, batchMax: 10, queueSize: 20, handleSignals: false },
  });
  for (let round = 0; round < 4; round += 1) {
    for (let n = 0; n < 35; n += 1) tide.evt("tick", { round, n });
    await tide.flush();
  }
  const batches = new Map();
  for (const { key, body } of posts) batches.set(key, [...(batches.get(key) ?? []), body]);
  assert.ok([...batches.values()].some((bodies) => bodies.length === 3));
  for (const bodies of batches.values()) assert.equal(new Set(bodies).size, 1, "a repeat has the same bytes");

  const metas = [...batches.values()].map(([body]) => lines(body).at(-1));
  const isolates = new Set(metas.map(({ isolate }) => isolate));
  assert.equal(isolates.size, 1);
  const cumulative = (meta) => {
    const [sink] = meta.counters.sinks;
    const { overflow, rejected } = sink.dropped;
    return [meta.seq, meta.counters.emitted, sink.accepted, sink.delivered, overflow, rejected];
  };
  for (const [at, meta] of metas.entries()) {
    assert.equal(meta.kind, "META");
    assert.deepEqual(brokenLaws(meta.counters), [], "the laws hold in every report");
    const before = at === 0 ? [0, 0, 0, 0, 0, 0] : cumulative(metas[at - 1]);
    for (const [column, value] of cumulative(meta).entries()) assert.ok(value >= before[column]);
    if (at > 0) assert.equal(meta.seq, metas[at - 1].seq + 1);
  }

  // A receiver that keeps the latest report knows what was lost, and why, although it never saw those events.
  const last = metas.at(-1).counters.sinks[0];
  const [sink] = tide.counters().sinks;
  assert.equal(last.dropped.overflow, sink.dropped.overflow);
  assert.equal(last.dropped.rejected, 10);
  assert.equal(sink.dropped.overflow, 4 * 15);
  const taken = [...batches.values()].flatMap(([body]) => lines(body).slice(0, -1)).length;
  assert.equal(taken, sink.delivered + sink.dropped.rejected);
});
