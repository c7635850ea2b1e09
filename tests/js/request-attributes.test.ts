import assert from "node:assert/strict";
import { test } from "node:test";
import { instrument } from "../../js/adapters/workers.ts";
import { memorySink, requestAttributes, TidegateError } from "../../js/index.ts";
import { assertLaws, simulated } from "./_engine.ts";

const LISTED = { headers: ["X-Plan", "x-missing"], cf: ["colo", "country", "asn"] };

/** The attributes of the event of one request. */
async function recorded(request: Request): Promise<unknown> {
  const memory = memorySink();
  const { tide } = simulated({ sinks: [memory] }, "workers");
  const handler = { fetch: (_request: Request, _env: object, _ctx: object) => new Response("ok") };
  const app = instrument(tide, handler, { attributes: requestAttributes(LISTED) });
  app.fetch(request, {}, { waitUntil() {} });
  await tide.flush();
  assertLaws(tide);
  return memory.events[0]?.attributes;
}

test("headers and fields of cf that are listed are attributes, and no others", async () => {
  const headers = { "x-plan": "pro", "x-other": "no", cookie: "secret" };
  const request = Object.assign(new Request("https://x/", { headers }), {
    cf: { colo: "FRA", asn: 13335, city: "Berlin" },
  });
  const wanted = { "http.request.header.x-plan": "pro", "cf.colo": "FRA", "cf.asn": 13335 };
  assert.deepEqual(await recorded(request), wanted);
  assert.equal(await recorded(new Request("https://x/")), undefined);
});

test("headers of Node are read too; one that came more than once is left out", () => {
  const read = requestAttributes({ headers: ["x-plan", "x-many"] });
  assert.deepEqual(read({ headers: { "x-plan": "pro", "x-many": ["a", "b"] } }), {
    "http.request.header.x-plan": "pro",
    "http.request.header.x-many": undefined,
  });
});

test("lists that are none, and headers that hold credentials, are refused", () => {
  for (const options of [
    { headers: "x-plan" },
    { headers: [7] },
    { cf: {} },
    { headers: ["Cookie"] },
    { headers: ["authorization"] },
  ]) {
    assert.throws(
      () => requestAttributes(options as never),
      (error: TidegateError) => error instanceof TidegateError && error.code === "config/type",
    );
  }
  assert.deepEqual(requestAttributes({})({}), {});
});
