import assert from "node:assert/strict";
import { until } from "../../tools/receiver.mjs";
import { hostTest } from "./_play.mjs";

/** The method of the class is an event, once; what the framework calls is none. */
const method = (name) => ({
  async then({ receiver }) {
    const names = () => receiver.store.events.filter(({ kind }) => kind === "FN").map(({ fn }) => fn);
    await until(() => names().length > 0, 20_000, "the event of the object");
    assert.deepEqual(names(), [name]);
  },
});

hostTest("Agents SDK", "agents", {
  requests: [
    ["POST /add", 200, "/add"],
    ["GET /agents/counter/7", 200, "/agents/counter/:id"],
    ["GET /none/7", 404, "/none/:id"],
  ],
  ...method("rpc:Counter.add"),
});

hostTest("partyserver", "partyserver", {
  requests: [
    ["POST /visit", 200, "/visit"],
    ["GET /parties/room/7", 200, "/parties/room/:id"],
    ["GET /none/7", 404, "/none/:id"],
  ],
  ...method("rpc:Room.visit"),
});
