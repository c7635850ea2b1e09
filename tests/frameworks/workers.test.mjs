import assert from "node:assert/strict";
import { until } from "../../tools/receiver.mjs";
import { hostTest } from "./_play.mjs";

/** What is called inside is an event of that name, once for each request. */
const calls = (name) => ({
  async then({ receiver }) {
    const found = () => receiver.store.events.filter(({ kind, fn }) => kind === "FN" && fn === name);
    await until(() => found().length > 0, 20_000, name);
    assert.equal(found().length, 1);
  },
});

const requests = [["GET /items/7", 200, "/items/:id"]];

hostTest("Workers", "worker", { requests });
hostTest("Durable Objects", "durable-object", { requests, ...calls("rpc:Counter.add") });
hostTest("Service bindings", "entrypoint", { requests, ...calls("rpc:Greeter.greet") });
hostTest("Workflows", "workflow", { requests, ...calls("rpc:Cleaning.run") });
