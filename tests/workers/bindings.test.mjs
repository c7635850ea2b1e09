// Service bindings and Durable Objects by `tide.binding`, in real workerd: they do what they do bare, and carry the trace
// where it is taken off.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { brokenLaws, isDrained } from "../../tools/laws.mjs";
import { startReceiver, until } from "../../tools/receiver.mjs";
import { startWorkerd } from "../../tools/workerd.mjs";

const fixture = fileURLToPath(new URL("fixtures/bindings.js", import.meta.url));
const TARGETS = ["api", "bareApi", "plain", "room", "bareRoom"];

/** Runs `play` with the Worker and a receiver; both are gone afterwards. */
async function onStage(play, flags) {
  const receiver = await startReceiver();
  let worker;
  try {
    worker = await startWorkerd(fixture, {
      bindings: { SINK_URL: receiver.url },
      services: { API: "Api", BARE_API: "BareApi", PLAIN: "plainHandler" },
      objects: { ROOM: "Room", BARE_ROOM: "BareRoom" },
      flags,
    });
    const ask = async (query) => {
      const response = await fetch(`${worker.url}/?${new URLSearchParams(query)}`);
      assert.equal(response.status, 200, worker.log);
      return query.step === "fetch" ? response.text() : response.json();
    };
    const events = async () => {
      let counters;
      const drained = async () => {
        ({ counters } = await (await fetch(`${worker.url}/__tide`)).json());
        assert.deepEqual(brokenLaws(counters), []);
        return isDrained(counters) && receiver.store.events.length === counters.accepted;
      };
      await until(drained, 20_000, "an empty queue");
      return receiver.store.events;
    };
    await play({ ask, events, log: () => worker.log });
  } finally {
    await worker?.stop();
    await receiver.stop();
  }
}

for (const flags of [[], ["nodejs_compat"]]) {
  const label = flags.length === 0 ? "without AsyncLocalStorage" : "with nodejs_compat";

  test(`every step with a stub comes to what it comes to bare, ${label}`, () =>
    onStage(async ({ ask }) => {
      for (const of of TARGETS) {
        const bare = await ask({ of, way: "bare" });
        assert.equal(bare.one.value.count ?? bare.one.value, of === "plain" ? 3 : 1);
        for (const way of ["asks", "measured", "propagate", "propagate"]) {
          assert.deepEqual(await ask({ of, way }), bare, `${of} ${way}`);
        }
      }
    }, flags));

  test(`the trace goes on in a callee that is measured, also with the first call, ${label}`, () =>
    onStage(async ({ ask, events, log }) => {
      await ask({ of: "room", way: "propagate", step: "objects" });
      await ask({ of: "api", way: "propagate", step: "pipelined" });
      await ask({ of: "api", way: "propagate", step: "fails" });
      await ask({ of: "bareApi", way: "propagate", step: "one" });
      await ask({ of: "api", way: "propagate", step: "inherited" });
      const found = await events();
      const one = (name) => {
        const named = found.filter(({ fn }) => fn === name);
        assert.equal(named.length, 1, name);
        return named[0];
      };
      const pairs = [
        ["rpc:ROOM.seen", "rpc:Room.seen"],
        ["rpc:API.counter", "rpc:Api.counter"],
        ["rpc:API.fails", "rpc:Api.fails"],
      ];
      for (const [caller, callee] of pairs) {
        const [client, server] = [one(caller), one(callee)];
        const request = found.find(({ kind, span_id }) => kind === "REQ" && span_id === client.parent_id);
        assert.equal(request?.trace_id, client.trace_id, caller);
        assert.deepEqual([server.trace_id, server.parent_id], [client.trace_id, client.span_id], caller);
        assert.equal(server.error, client.error, caller);
      }
      assert.equal(one("rpc:API.fails").error, "RangeError");
      assert.equal(one("rpc:API.counter").dur_ms, undefined, "nobody awaited it");
      assert.equal(one("rpc:BARE_API.seen").kind, "FN");
      await ask({ of: "bareApi", way: "propagate", step: "one" });
      const warnings = log().match(/tidegate: .*/g);
      assert.equal(warnings.length, 1, "once");
      assert.match(warnings[0], /the binding "BARE_API" carries no trace.*instrumentEntrypoint/);
      assert.equal(one("rpc:API.inherited").kind, "FN");
    }, flags));
}

test("`fetch` through a binding carries the trace, with and without `propagate`", () =>
  onStage(async ({ ask, events }) => {
    const headers = {};
    for (const of of ["bareApi", "room"]) {
      for (const way of ["measured", "propagate"])
        headers[`${of} ${way}`] = await ask({ of, way, step: "fetch" });
    }
    const found = await events();
    for (const [what, header] of Object.entries(headers)) {
      const [, trace, span] = header.split("-");
      const call = found.find(({ span_id }) => span_id === span);
      assert.equal(call?.trace_id, trace, what);
      assert.equal(call.fn, what.startsWith("room") ? "POST ROOM" : "POST BARE_API");
      assert.deepEqual(call.attributes, {
        "http.request.method": "POST",
        "server.address": "host",
        "server.port": 443,
        "url.full": "https://host/path",
        "http.response.status_code": 200,
      });
    }
    const rooms = found.filter(({ kind, route }) => kind === "REQ" && route === "/path");
    assert.ok(
      rooms.length === 2 && rooms.every(({ parent_id }) => found.some((call) => call.span_id === parent_id)),
    );
  }, []));
