// A newcomer's program, whose sink does not work: <url>. It listens for what is said of it.
import { createCollector, ndjson } from "../../pkg/dist/inline.js";

const tide = createCollector({
  sinks: [ndjson({ url: process.argv[2], headers: { authorization: "Bearer secret" } })],
});
tide.on("sink-failed", (notice) => console.log(JSON.stringify({ at: Date.now() - startMs, ...notice })));

const startMs = Date.now();
for (let round = 0; round < 3; round += 1) {
  tide.evt("hello");
  await tide.flush({ deadlineMs: 700 });
}
