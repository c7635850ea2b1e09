// The tools that judge the package must themselves be right: a receiver that miscounts would hide a loss.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { exportedMethods, testsByMethod } from "../../tools/boundary.mjs";
import { countCargo, countNode, nothingUnseen } from "../../tools/counts.mjs";
import { sparkline } from "../../tools/demo-report.mjs";
import { brokenLaws, isDrained } from "../../tools/laws.mjs";
import { startReceiver } from "../../tools/receiver.mjs";
import { plan } from "../../tools/traffic.mjs";
import { ownerOf } from "../../tools/wasm-anatomy.mjs";

const batch = `${["a", "b"].map((id) => JSON.stringify({ kind: "REQ", span_id: id })).join("\n")}\n{"kind":"META","seq":0}\n`;

const post = (url, key, body = batch, headers = {}, signal = undefined) =>
  fetch(url, { method: "POST", body, headers: { "idempotency-key": key, ...headers }, signal });

async function withReceiver(options, use) {
  const receiver = await startReceiver(options);
  try {
    await use(receiver);
  } finally {
    await receiver.stop();
  }
}

test("the receiver drops repeats of a key, in memory and in its file", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "tidegate-receiver-")), "events.ndjson");
  await withReceiver({ file }, async ({ url, store, stats }) => {
    await post(url, "k-0-1");
    await post(url, "k-0-1");
    assert.equal(store.events.length, 2);
    assert.equal(store.metas.length, 1);
    assert.equal(store.duplicates, 1);
    assert.equal(store.changedRepeats, 0);
    assert.equal(stats.posts, 2);
    assert.equal(readFileSync(file, "utf8"), batch);
  });
});

test("the receiver sees the same events under another key, and other events under the same key", async () => {
  await withReceiver({}, async ({ url, store }) => {
    await post(url, "k-0-1");
    await post(url, "k-0-2");
    assert.equal(store.repeatedEvents(), 2);
    await post(url, "k-0-1", '{"kind":"REQ","span_id":"z"}\n');
    assert.equal(store.changedRepeats, 1);
  });
});

test("the receiver unpacks gzip", async () => {
  await withReceiver({}, async ({ url, store }) => {
    await post(url, "k-0-1", gzipSync(batch), { "content-encoding": "gzip" });
    assert.equal(store.events.length, 2);
  });
});

test("a failed post keeps nothing, a hung one keeps its events and never answers", async () => {
  await withReceiver({ fail: 1, hang: 1 }, async ({ url, store, stats }) => {
    assert.equal((await post(url, "k-0-1")).status, 500);
    assert.equal(store.events.length, 0);
    await assert.rejects(post(url, "k-0-1", batch, {}, AbortSignal.timeout(200)));
    assert.equal(store.events.length, 2);
    assert.equal((await post(url, "k-0-1")).status, 200);
    assert.equal(store.duplicates, 1);
    assert.deepEqual([stats.failed, stats.hung, stats.answered, stats.abandoned], [1, 1, 1, 1]);
  });
});

const sink = { name: "ndjson", accepted: 5, delivered: 3, queued: 1, inFlight: 0, dropped: { overflow: 1 } };
const counters = {
  emitted: 9,
  accepted: 5,
  sampledOut: 2,
  excluded: 1,
  refused: 0,
  pending: 1,
  sinks: [sink],
};

test("the laws hold, and each one is seen broken", () => {
  assert.deepEqual(brokenLaws(counters), []);
  assert.equal(brokenLaws({ ...counters, emitted: 10 }).length, 1);
  assert.equal(brokenLaws({ ...counters, sinks: [{ ...sink, delivered: 4 }] }).length, 1);
});

test("drained means that nothing waits", () => {
  assert.equal(isDrained(counters), false);
  assert.equal(isDrained({ ...counters, pending: 0, sinks: [{ ...sink, queued: 0 }] }), true);
  assert.equal(isDrained({ ...counters, pending: 0, sinks: [{ ...sink, queued: 0, inFlight: 1 }] }), false);
});

test("the exports of the wasm module are read from its declarations", () => {
  const declarations = `
export class Engine {
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Named (like this).
     */
    constructor(options: EngineOptions);
    readonly depth: number;
    static fromSeed(seed: bigint): Engine;
}
export class Rng {
    private constructor();
    next(): number;
}
export function version(): string;
export function __wbg_reset_state(): void;
export interface InitOutput {
    readonly engine_free: (a: number) => void;
}
export function initSync(module: BufferSource): InitOutput;
`;
  const own = ["Engine.constructor", "Engine.depth", "Engine.free", "Engine.fromSeed"];
  assert.deepEqual(exportedMethods(declarations), [...own, "Rng.next", "version"]);
});

test("a test covers the methods that it names itself", () => {
  const source = `
fn helper() {
    call(&engine, "Engine.tick", args![]);
}

#[wasm_bindgen_test]
fn one() {
    let engine = construct("Engine", args![]);
    // call(&engine, "Engine.flush", args![]);
    number(
        &engine,
        "Engine.poll",
        args![],
    );
}

#[wasm_bindgen_test]
#[ignore]
fn two() {
    call(&engine, "Engine.close", args![]);
}
`;
  assert.deepEqual(
    [...testsByMethod("engine", source)],
    [
      ["Engine.poll", ["engine::one"]],
      ["Engine.constructor", ["engine::one"]],
    ],
  );
});

test("counts are read from cargo and from node", () => {
  const cargo =
    "test result: ok. 3 passed; 0 failed; 0 ignored\ntest result: FAILED. 1 passed; 2 failed; 0 ignored";
  assert.deepEqual(countCargo(cargo), { passed: 4, failed: 2 });
  assert.deepEqual(countNode("ℹ tests 4\nℹ pass 3\nℹ fail 1\nℹ cancelled 0\n"), { passed: 3, failed: 1 });
});

test("a suite that dies or finds nothing fails", () => {
  assert.equal(nothingUnseen({ passed: 3, failed: 0 }, false).failed, 1);
  assert.equal(nothingUnseen({ passed: 0, failed: 0 }, true).failed, 1);
  assert.equal(nothingUnseen({ passed: 3, failed: 0 }, true).failed, 0);
});

test("the same seed plans the same traffic over every route", () => {
  assert.deepEqual(plan(500, 7), plan(500, 7));
  assert.notDeepEqual(plan(500, 7), plan(500, 8));
  assert.equal(plan(500, 7).length, 500);
  assert.equal(new Set(plan(500, 7).map(({ kind }) => kind)).size, 9);
});

test("a sparkline scales to its largest value", () => {
  assert.equal(sparkline([0, 1, 8]), " ▁█");
  assert.equal(sparkline([]), "");
  assert.equal(sparkline([0, 0]), "  ");
});

test("what fills a module is told by crate, and of our own by module", () => {
  const owners = {
    "tidegate::engine::stats::StatsStore::record_by": "tidegate::engine::stats",
    "<tidegate::engine::event::Lexer as core::iter::traits::iterator::Iterator>::next":
      "tidegate::engine::event",
    "core::ptr::drop_in_place<tidegate::encode::otlp::Resource>": "tidegate::encode::otlp",
    "tidegate::wasm::views::RowView::total": "tidegate::wasm",
    "regex_lite::nfa::Compiler::c": "regex_lite",
    "<dlmalloc::dlmalloc::Dlmalloc<dlmalloc::sys::System>>::malloc": "dlmalloc",
    "serde_wasm_bindgen::static_str_to_js": "serde_wasm_bindgen",
    "zmij::write": "zmij",
    "core::fmt::Formatter::pad": "std: fmt",
    "<alloc::fmt::Arguments as x>::y": "std: fmt",
    "core::slice::sort::unstable::quicksort::quicksort": "std",
    "<str>::trim": "std",
    "__rustc::__rust_realloc": "std",
    __wbindgen_malloc: "wasm_bindgen",
    "F64 -> Externref externref shim": "wasm_bindgen",
    memcmp: "compiler",
  };
  for (const [name, owner] of Object.entries(owners)) assert.equal(ownerOf(name, false), owner, name);
  assert.equal(ownerOf("__wbindgen_malloc", true), "wasm_bindgen");
  for (const name of ["engine_tick", "engine_poll externref shim", "engine_new multivalue shim"]) {
    assert.equal(ownerOf(name, true), "tidegate::wasm, exported");
  }
});
