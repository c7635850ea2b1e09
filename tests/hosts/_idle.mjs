// A program that does one thing and comes to its end. Arguments: what it does, and the sink's URL.
import process from "node:process";

const [what, url] = process.argv.slice(2);
const { createCollector, ndjson } = await import("../../pkg/dist/inline.js");
const { listener } = await import("../../pkg/dist/node.js");

if (what !== "import") {
  const tide = createCollector({ flushIntervalMs: 60_000, flushDeadlineMs: 500, sinks: [ndjson({ url })] });
  listener(tide, () => {});
  if (what === "record") for (let i = 0; i < 1000; i += 1) tide.req("/", "GET", 200, Date.now(), 1);
  if (what === "throw") tide.time("work", () => Promise.reject(new RangeError("mine")));
}
console.log(JSON.stringify({ what }));
