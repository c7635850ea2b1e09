// Classes of frameworks work measured as they do bare; only calls from outside are events, and only of the user's methods.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { brokenLaws, isDrained } from "../../tools/laws.mjs";
import { startReceiver, until } from "../../tools/receiver.mjs";
import { bundle, serveFolder } from "../../tools/workerd.mjs";

const fixture = (name) => fileURLToPath(new URL(`fixtures/${name}.js`, import.meta.url));
const agents = {
  PLAIN_AGENT: "PlainAgent",
  AGENT: "MeasuredAgent",
  CONST_AGENT: "ConstAgent",
  PLAIN_CONST_AGENT: "PlainConstAgent",
};
const others = {
  PLAIN_PARTY: "PlainParty",
  PARTY: "MeasuredParty",
  PLAIN_SELF: "PlainSelf",
  SELF: "MeasuredSelf",
};

/** Both answers, and the names of the functions that were recorded, once all have arrived. */
async function compare(name, plain, measured, flags) {
  const objects = name === "agents" ? agents : others;
  const folder = mkdtempSync(join(tmpdir(), "tidegate-frameworks-"));
  await bundle(fixture(name), folder, {
    alias: { path: fixture("path"), "cloudflare:email": fixture("email") },
  });
  const receiver = await startReceiver();
  const worker = await serveFolder(folder, {
    bindings: { SINK_URL: receiver.url },
    objects,
    flags,
    disk: true,
  }).catch(async (error) => {
    await receiver.stop();
    throw error;
  });
  const ask = async (what) => {
    const response = await fetch(`${worker.url}/__ask?what=${encodeURIComponent(what)}`);
    assert.equal(response.status, 200, `${what}: ${await response.clone().text()}\n${worker.log}`);
    return response.json();
  };
  try {
    const answers = [await ask(plain), await ask(measured)];
    let counters;
    const drained = async () => {
      ({ counters } = await (await fetch(`${worker.url}/__tide`)).json());
      return isDrained(counters);
    };
    await until(drained, 20_000, "an empty queue");
    assert.deepEqual(brokenLaws(counters), []);
    const { events } = receiver.store;
    const names = events.filter(({ kind }) => kind === "FN").map(({ fn }) => fn);
    return { bare: answers[0], got: answers[1], names: names.sort() };
  } finally {
    await worker.stop();
    await receiver.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const [plain, measured, name] of [
  ["agent", "measured agent", "MeasuredAgent"],
  ["plain const agent", "const agent", "Helper"],
]) {
  test(`the Agents SDK: ${measured}`, async () => {
    const { bare, got, names } = await compare("agents", plain, measured, ["nodejs_compat"]);
    assert.deepEqual(got, bare);
    assert.deepEqual(bare.add, [2, 5]);
    assert.deepEqual(bare.callable.callable, ["add"]);
    assert.equal(bare.current, true);
    const rpc = ["add", "add", "current", "didChange"].map((method) => `rpc:${name}.${method}`);
    assert.deepEqual(names, rpc);
  });
}

for (const flags of [[], ["nodejs_compat"]]) {
  const label = flags[0] ?? "no AsyncLocalStorage";

  test(`partyserver, ${label}`, async () => {
    const { bare, got, names } = await compare("frameworks", "party", "measured party", flags);
    assert.deepEqual(got, bare);
    assert.deepEqual(bare.socket.slice(1), ["one 1", "two 1"]);
    assert.deepEqual(names, ["rpc:MeasuredParty.count"]);
  });

  test(`calls from inside are no events, ${label}`, async () => {
    const { bare, got, names } = await compare("frameworks", "self", "measured self", flags);
    const { own, same, ...rest } = got;
    assert.deepEqual(rest, bare);
    assert.deepEqual(bare, { nested: true, answers: 2, calls: true, step: true });
    assert.equal(own, true);
    assert.equal(same, true, "a method is what it was, to the program");
    const rpc = ["calls", "nested", "own", "step"].map((method) => `rpc:MeasuredSelf.${method}`);
    assert.deepEqual(names, rpc);
  });
}
