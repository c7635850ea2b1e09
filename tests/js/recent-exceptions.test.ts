// The exceptions that a collector has recorded last.
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { withTide } from "../../js/adapters/fetch.ts";
import { memorySink } from "../../js/index.ts";
import type { CollectorOptions } from "../../js/types/index.ts";
import { assertLaws, simulated, trapNext } from "./_engine.ts";

const CONTEXT = new AsyncLocalStorage<unknown>();
const setup = (options: CollectorOptions = {}) => simulated({ context: CONTEXT as never, ...options });

const get = (path: string, method = "GET") => new Request(`https://example.com${path}`, { method });

class PaymentError extends Error {
  override name = "PaymentError";
}

test("an exception is shown with its texts, its request and its trace", async () => {
  const { tide, host } = setup({ errors: "stack" });
  let traceId = "";
  const handler = withTide(tide, async (_request: Request) => {
    traceId = tide.traceId;
    throw new PaymentError("declined");
  });
  await assert.rejects(async () => handler(get("/pay/17", "POST")));
  const [found, ...more] = tide.exceptions();
  assert.equal(more.length, 0);
  const { stack, ...rest } = found ?? { stack: "" };
  assert.match(stack as string, /^\s+at .*recent-exceptions\.test\.ts/);
  assert.deepEqual(rest, {
    tsMs: host.nowMs,
    type: "PaymentError",
    message: "declined",
    route: "/pay/:id",
    method: "POST",
    traceId,
    handled: false,
  });
});

test("a request that is named at its end names what it recorded before, and so does one that is over", async () => {
  const { tide } = setup({ sampling: { rate: 0, exclude: ["/health"] } });
  const scopes: ReturnType<typeof tide.scope>[] = [];
  const handler = withTide(tide, (request: Request) => {
    const scope = tide.scope(request);
    scopes.push(scope);
    scope.recordException(new Error("within"), { handled: true });
    tide.time("work", () => tide.recordException(new Error("deep"), { handled: true }));
    if (!request.url.endsWith("health")) assert.equal(tide.exceptions().at(-1)?.route, undefined);
    if (request.url.endsWith("named")) scope.route("/:which");
    return new Response("ok");
  });
  for (const path of ["/named", "/raw/123", "/health"]) await handler(get(path));
  for (const scope of scopes) scope.recordException(new TypeError("late"));
  tide.recordException(new RangeError("alone"));
  assert.deepEqual(
    tide.exceptions().map(({ type, route, method, handled }) => [type, route, method, handled]),
    [
      ["Error", "/:which", "GET", true],
      ["Error", "/:which", "GET", true],
      ["Error", "/raw/:id", "GET", true],
      ["Error", "/raw/:id", "GET", true],
      ["TypeError", "/:which", "GET", false],
      ["TypeError", "/raw/:id", "GET", false],
      ["RangeError", undefined, undefined, false],
    ],
    "sampled or not, but for those of an excluded request",
  );
  assertLaws(tide);
});

test("the last 20 are shown, as copies", () => {
  const { tide } = setup();
  for (let n = 0; n < 33; n += 1) tide.recordException(new Error(`error ${n}`));
  const found = tide.exceptions();
  const messages = (all = tide.exceptions()) => all.map(({ message }) => message);
  const last = Array.from({ length: 20 }, (_, n) => `error ${n + 13}`);
  assert.deepEqual(messages(found), last);
  found.length = 0;
  assert.deepEqual(messages(), last);
});

test("what the options hide is not in it", () => {
  const secret = () => new Error("card 4242", { cause: new Error("pin 1234") });
  const silent = setup({ errors: "type" });
  silent.tide.recordException(secret());
  const redacting = setup({
    errors: "stack",
    redact: (key, value) =>
      key === "exception.message" ? "***" : key === "exception.stacktrace" ? undefined : value,
  });
  redacting.tide.recordException(secret());
  const failing = setup({
    redact: () => {
      throw new Error("no");
    },
  });
  failing.tide.recordException(secret());
  const plain = setup();
  plain.tide.recordException(secret());
  const shown = [silent, redacting, failing, plain].map(({ tide }) => {
    const [{ tsMs, traceId, ...rest } = { tsMs: 0, traceId: "" }] = tide.exceptions();
    assert.ok(tsMs > 0 && traceId?.length === 32);
    return rest;
  });
  assert.deepEqual(shown, [
    { type: "Error", handled: false },
    { type: "Error", message: "***", handled: false },
    { type: "Error", handled: false },
    { type: "Error", message: "card 4242", handled: false },
  ]);
});

test("values of a statement are hidden in the message of its error", async () => {
  const { tide } = setup();
  const handler = withTide(tide, (_request: Request) =>
    tide.query("select 1", () => {
      throw new Error("duplicate key 'secret@example.com'");
    }),
  );
  assert.throws(() => handler(get("/")));
  const [found] = tide.exceptions();
  assert.ok(found?.message?.startsWith("duplicate key") && !found.message.includes("secret"));
});

test("after a close the last ones stay; a new engine begins anew; without one there are none", async () => {
  const { tide } = setup({ sinks: [memorySink()] });
  tide.recordException(new Error("before"));
  await tide.close();
  tide.recordException(new Error("after"));
  const shown = tide.exceptions();
  assert.deepEqual(
    shown.map(({ message }) => message),
    ["before"],
  );
  shown.length = 0;
  assert.equal(tide.exceptions().length, 1);

  const reset = setup();
  reset.tide.recordException(new Error("lost"));
  trapNext("engine_stats");
  reset.tide.stats();
  assert.deepEqual(reset.tide.exceptions(), []);
  reset.tide.recordException(new Error("new"));
  assert.equal(reset.tide.exceptions()[0]?.message, "new");

  const { tide: unconfigured } = simulated(() => ({}), "workers");
  assert.deepEqual(unconfigured.exceptions(), []);
});
