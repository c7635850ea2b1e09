import assert from "node:assert/strict";
import { test } from "node:test";
import { createCollector, memorySink, TidegateError } from "../../js/index.ts";
import { setModule } from "../../js/wasm/module.ts";

test("where wasm is forbidden the collector is inert, says why, and the host goes on", async (t) => {
  const complaints = t.mock.method(console, "error", () => {});
  setModule(() => {
    throw new WebAssembly.CompileError("blocked by CSP");
  });
  const tide = createCollector({ sinks: [memorySink()] });
  assert.ok(tide.error instanceof TidegateError && tide.error.code === "wasm/blocked");
  assert.match(tide.error.message, /blocked by CSP.*wasm-unsafe-eval/);
  tide.req("/a", "GET", 200, 1, 1);
  tide.evt("x");
  assert.equal(
    tide.time("work", () => 5),
    5,
  );
  const { emitted, refused, sinks } = tide.counters();
  assert.deepEqual({ emitted, refused, sinks }, { emitted: 3, refused: 3, sinks: [] });
  assert.equal(tide.tick(), null);
  assert.equal(tide.queueDepth, 0);
  assert.deepEqual(await tide.flush(), { delivered: 0, remaining: 0, dropped: 0, timedOut: false });
  assert.equal(complaints.mock.callCount(), 1);
  assert.throws(() => createCollector({ queueSize: "1" } as never), { code: "config/type" });
});
