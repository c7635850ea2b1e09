// A server on Node, Deno or Bun that a test kills. Arguments: the sink's URL, and options as JSON.
import { createServer } from "node:http";
import process from "node:process";
import { createCollector, ndjson } from "../../pkg/dist/inline.js";
import { listener } from "../../pkg/dist/node.js";

const [url, options] = process.argv.slice(2);
const { own, ...collector } = JSON.parse(options);
const tide = createCollector({ ...collector, sinks: [ndjson({ url })] });
const tell = (what) => console.log(JSON.stringify({ ...what, counters: tide.counters() }));

const server = createServer(
  listener(tide, (_request, response) => {
    tide.evt("child");
    response.end("ok");
  }),
);
tide.on("drop", () => tell({ told: "drop" }));

if (own) {
  process.on(own, async () => {
    await tide.close();
    tell({ told: "own" });
    // Nobody but this listener ends the process: it is still here a while later.
    setTimeout(() => process.exit(7), 300);
  });
}

server.listen(0, "127.0.0.1", () => tell({ told: "listening", port: server.address().port }));
