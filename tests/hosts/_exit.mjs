// A program that records three events and then ends in the way that its arguments name: <url> <way>.
import { createCollector, ndjson } from "../../pkg/dist/inline.js";

const [url, way] = process.argv.slice(2);
const tide = createCollector({ sinks: [ndjson({ url })] });

const fail = () => setTimeout(() => Promise.reject(new RangeError("nobody catches this")));
const ways = {
  exit: () => process.exit(3),
  "exit after close": async () => {
    await tide.close();
    process.exit(3);
  },
  uncaught: () => {
    setTimeout(() => {
      throw new RangeError("nobody catches this");
    });
  },
  "uncaught with the line": () => {
    process.on("uncaughtException", (error) => end(error));
    ways.uncaught();
  },
  rejected: fail,
  "rejected with the line": () => {
    process.on("uncaughtException", (error) => end(error));
    fail();
  },
};

async function end(error) {
  console.error(error.stack);
  await tide.close();
  process.exit(1);
}

for (let n = 0; n < 3; n += 1) tide.evt("recorded");
ways[way]();
