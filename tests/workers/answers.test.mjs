// Answers that workerd cannot send: the client gets what it would get bare, and the event says what that was.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startWorkerd } from "../../tools/workerd.mjs";

const fixture = fileURLToPath(new URL("fixtures/answers.js", import.meta.url));

async function look(url) {
  const response = await fetch(url);
  return { status: response.status, text: await response.text() };
}

test("the client gets the runtime's 500, and the event has it, with an error", async () => {
  const worker = await startWorkerd(fixture);
  try {
    const names = await (await fetch(`${worker.url}/__answers`)).json();
    const expected = [];
    for (const name of names) {
      const [bare, ...measured] = await Promise.all(
        ["bare", "measured", "until-end"].map((way) =>
          look(`${worker.url}/${way}?${encodeURIComponent(name)}`),
        ),
      );
      for (const got of measured) {
        assert.deepEqual(got, bare, name);
        expected.push([name, bare.status, bare.status === 500 ? "TypeError" : undefined]);
      }
    }
    const events = await (await fetch(`${worker.url}/__events`)).json();
    const found = events
      .filter(({ kind }) => kind === "REQ")
      .map(({ route, status, error }) => [route, status, error]);
    assert.deepEqual(found.sort(), expected.sort());
    assert.equal(found.filter(([, status]) => status === 500).length, 2 * (names.length - 1));
  } finally {
    await worker.stop();
  }
});
