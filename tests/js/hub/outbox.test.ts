import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { type Message, Outbox, posted } from "../../../js/hub/object/webhook.ts";

const rule = { name: "errors", kind: "errors", threshold: 5, minutes: 2 } as const;
const minute = { startMs: 0, count: 9, errors: 3, p50Ms: 1, p95Ms: 2, p99Ms: 3 };

const filled = (messages: number): Outbox => {
  const outbox = new Outbox();
  for (let atMs = 0; atMs < messages; atMs += 1)
    outbox.put({ rule, isActive: true, atMs, minute }, "shop", undefined);
  return outbox;
};

test("the oldest message makes room for the 65th, and the hub says so", () => {
  const warn = mock.method(console, "warn", () => {});
  assert.equal(filled(64).first?.id, "errors-start-0");
  assert.equal(warn.mock.callCount(), 0);
  assert.equal(filled(65).first?.id, "errors-start-1");
  assert.equal(warn.mock.callCount(), 1);
  mock.reset();
});

test("a webhook that does not answer, redirects or fails is tried again or given up, as its answer says", async () => {
  const message = filled(1).first as Message;
  const asked: RequestInit[] = [];
  const answering = (status: number) => async (_: string, init: unknown) => {
    asked.push(init as RequestInit);
    return new Response(null, { status });
  };
  const fails = async () => {
    throw new DOMException("it took too long", "TimeoutError");
  };
  assert.equal(await posted(fails, "https://h.example", message), 0);
  const wanted = { 0: "later", 200: "next", 302: "given-up", 404: "given-up", 429: "later", 500: "later" };
  for (const [status, next] of Object.entries(wanted)) {
    if (status !== "0") await posted(answering(Number(status)), "https://h.example", message);
    assert.equal(filled(1).settle(message.id, Number(status)), next, status);
  }
  assert.ok(asked.every(({ redirect, signal }) => redirect === "manual" && signal instanceof AbortSignal));
  const outbox = filled(2);
  for (let minutes = 1; minutes < 60; minutes += 1) assert.equal(outbox.settle(message.id, 0), "later");
  assert.equal(outbox.settle(message.id, 0), "given-up", "after an hour");
  assert.equal(outbox.first?.id, "errors-start-1");
});
