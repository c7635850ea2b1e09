// docs/guides/trace-ids.md: each program shows the ids of the event that arrives. blocks.test.mjs compiles them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../tools/env.mjs";
import { startReceiver } from "../../tools/receiver.mjs";
import { linkPackage } from "../../tools/workerd.mjs";

const page = readFileSync(join(root, "docs", "guides", "trace-ids.md"), "utf8");
const programs = new Map(
  page
    .split("\n## ")
    .slice(1)
    .map((part) => [part.split("\n")[0], /```ts\n([\s\S]*?)```/.exec(part)[1]]),
);
const folder = linkPackage(join(root, "build", "trace-ids"));

/** Where each shows them, given what the program printed and the headers of its response. */
const SHOWN = {
  pino: ({ lines }) => [lines[0].trace_id, lines[0].span_id],
  console: ({ lines }) => [lines[0].trace_id],
  "The header x-trace-id": ({ headers }) => [headers["x-trace-id"]],
  "Server-Timing": ({ headers }) =>
    /desc="00-(\w{32})-(\w{16})-\d\d"/.exec(headers["server-timing"]).slice(1),
};

const RUN = `
const response = await handler(new Request("https://shop.example/orders"));
console.log(JSON.stringify({ headers: Object.fromEntries(response.headers) }));
await tide.flush();
`;

test("the page has these programs", () => assert.deepEqual([...programs.keys()], Object.keys(SHOWN)));

for (const [title, shown] of Object.entries(SHOWN)) {
  test(title, async () => {
    const receiver = await startReceiver();
    const file = join(folder, `${title.toLowerCase().replace(/\W+/g, "-")}.ts`);
    const code = programs
      .get(title)
      .replaceAll("https://telemetry.example/events", receiver.url)
      .replace("export default", "const handler =");
    writeFileSync(file, code + RUN);
    try {
      const child = await runNode(file);
      const lines = child
        .split("\n")
        .filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line));
      const { headers } = lines.at(-1);
      const [event] = receiver.store.events;
      const ids = shown({ lines, headers });
      assert.deepEqual(ids, [event.trace_id, event.span_id].slice(0, ids.length));
    } finally {
      await receiver.stop();
    }
  });
}

/** The receiver runs in this process, so the program must not block it. */
async function runNode(file) {
  const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  for await (const chunk of child.stdout) text += chunk;
  return text;
}
