// Every handler and class of Cloudflare's in real workerd: measured as it is without, and recorded.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { brokenLaws, isDrained } from "../../tools/laws.mjs";
import { startReceiver, until } from "../../tools/receiver.mjs";
import { startWorkerd } from "../../tools/workerd.mjs";

const fixture = fileURLToPath(new URL("fixtures/worker.js", import.meta.url));

const objects = {
  PLAIN: "PlainRoom",
  MEASURED: "MeasuredRoom",
  PLAIN_OLD: "PlainOld",
  MEASURED_OLD: "MeasuredOld",
};
const services = { SELF: "", ADMIN: "PlainAdmin", MEASURED_ADMIN: "MeasuredAdmin" };

/** Runs `play` with the Worker and a receiver; both are gone afterwards. */
async function onStage(play, { flags = [], tail = false } = {}) {
  const receiver = await startReceiver();
  let worker;
  try {
    worker = await startWorkerd(fixture, {
      bindings: { SINK_URL: receiver.url, LABEL: "label" },
      objects,
      services,
      tail,
      flags: ["service_binding_extra_handlers", ...flags],
    });
    const ask = async (what) => {
      const response = await fetch(`${worker.url}/__ask?what=${what}`);
      assert.equal(response.status, 200, `${what}: ${await response.clone().text()}\n${worker.log}`);
      return response.json();
    };
    /** What has arrived, once everything has. */
    const events = async () => {
      let counters;
      const drained = async () => {
        ({ counters } = await (await fetch(`${worker.url}/__tide`)).json());
        assert.deepEqual(brokenLaws(counters), []);
        return isDrained(counters);
      };
      await until(drained, 20_000, "an empty queue");
      assert.equal(receiver.store.events.length, counters.accepted);
      return receiver.store.events;
    };
    await play({ worker, ask, events, receiver });
  } finally {
    await worker?.stop();
    await receiver.stop();
  }
}

const named = (events, name) => events.filter(({ fn, route, name: evt }) => [fn, route, evt].includes(name));

for (const flags of [[], ["nodejs_compat"]]) {
  const label = flags.length === 0 ? "without AsyncLocalStorage" : "with nodejs_compat";

  test(`a Durable Object answers as it does bare, ${label}`, () =>
    onStage(
      async ({ ask, events }) => {
        const { plain, measured } = await ask("rooms");
        assert.deepEqual(measured, plain);
        assert.deepEqual(plain.secret, { value: 42 });
        assert.equal(plain.type.error.name, "TypeError");
        assert.deepEqual(plain.alarm, { value: true });
        const found = await events();
        const [failed] = named(found, "rpc:Room.fails").filter(({ error }) => error === "TypeError");
        assert.ok(failed?.trace_id);
        assert.equal(named(found, "rpc:Room.secret").length, 2, "its own calls are part of its fetch");
        assert.equal(named(found, "alarm").length, 1);
        assert.equal(named(found, "rpc:Room.size").length, 0);
        const requests = named(found, "/throw");
        assert.deepEqual([requests[0].status, requests[0].error], [500, "RangeError"]);
        assert.equal(named(found, "/path")[0].status, 203);
        if (flags.length > 0) {
          const [alarm] = named(found, "alarm");
          assert.ok(named(found, "rang").some(({ parent_id }) => parent_id === alarm.span_id));
          assert.equal(named(found, "rpc:Room.nested").length, 0);
        }
      },
      { flags },
    ));
}

test("the class is what it was", () =>
  onStage(async ({ ask }) => {
    const { plain, measured } = await ask("classes");
    assert.deepEqual(measured, plain);
  }));

test("a class without a base works as ever", () =>
  onStage(async ({ ask, events }) => {
    const { plain, measured } = await ask("old");
    assert.equal(measured, plain);
    assert.equal(named(await events(), "/").length, 1);
  }));

test("an entrypoint answers as it does bare, and its methods are functions", () =>
  onStage(async ({ ask, events }) => {
    const { plain, measured } = await ask("admins");
    assert.deepEqual(measured, plain);
    assert.deepEqual(plain.greet, { value: "hello you label function" });
    const found = await events();
    assert.equal(named(found, "rpc:Admin.greet").length, 1);
    assert.equal(named(found, "rpc:Admin.fails")[0].error, "TypeError");
    assert.equal(named(found, "/x")[0].status, 200);
  }));

test("scheduled and queue are roots, their children under them; an error is rethrown and told", () =>
  onStage(async ({ ask, events }) => {
    const fine = await ask("scheduled");
    assert.equal(fine.outcome, "ok");
    const queued = await ask("queue");
    assert.deepEqual([queued.outcome, queued.ackAll], ["ok", true]);
    const failed = await ask("scheduled&failing");
    assert.equal(failed.outcome, "exception");
    const found = await events();
    const [first, second] = named(found, "scheduled:*/5 * * * *");
    assert.deepEqual([first.error, second.error], [undefined, "SyntaxError"]);
    const [queue] = named(found, "queue:jobs");
    for (const child of [...named(found, "in queue"), ...named(found, "work")]) {
      assert.deepEqual([child.trace_id, child.parent_id], [queue.trace_id, queue.span_id]);
    }
    assert.equal(named(found, "in scheduled")[0].parent_id, first.span_id);
    assert.ok(queue.dur_ms >= 1);
  }));

test("a tail handler is a root; what it is told of may be its own Worker's requests", () =>
  onStage(
    async ({ worker, events }) => {
      await (await fetch(`${worker.url}/one`)).text();
      const told = async () => named(await events(), "tail").length > 0;
      await until(told, 20_000, "a tail event");
      const [tail] = named(await events(), "tail");
      assert.ok(named(await events(), "in tail").some(({ parent_id }) => parent_id === tail.span_id));
    },
    { tail: true },
  ));
