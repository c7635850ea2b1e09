// Workflows, in the real `wrangler dev`: what a run recorded is sent at its end, also when it throws.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startReceiver, until } from "../../tools/receiver.mjs";
import { linkPackage } from "../../tools/workerd.mjs";
import { startWrangler } from "../../tools/wrangler.mjs";

const folder = fileURLToPath(new URL("fixtures/workflow", import.meta.url));
const ERRORS = { fine: undefined, early: "TypeError", step: "RangeError", late: "string" };

test("what a run has recorded arrives, also when the run throws", async () => {
  linkPackage(folder);
  const receiver = await startReceiver();
  const worker = await startWrangler(folder, { vars: { SINK_URL: receiver.url }, path: "/__tide" });
  const { events } = receiver.store;
  try {
    for (const way of Object.keys(ERRORS)) {
      await (await fetch(`${worker.url}/?way=${way}`)).text();
      const begun = () => events.find(({ attributes }) => attributes?.way === way);
      const run = () => events.find(({ fn, span_id }) => fn !== undefined && span_id === begun()?.parent_id);
      await until(() => run() !== undefined, 10_000, `the run "${way}"`);
      assert.equal(run().fn, "rpc:BareFlow.run");
      if (way !== "late") assert.equal(run().error, ERRORS[way]);
      else assert.ok(run().error);
    }
  } finally {
    worker.stop();
    await receiver.stop();
  }
});
