// A real collector with every HTTP sink there is, whose posts are kept instead of sent.
import { gunzipSync } from "node:zlib";
import { createCollector, ndjson, otlp } from "../../pkg/dist/inline.js";
import { decodeExport, signalOf } from "../../tools/otlp.mjs";

export const START_MS = 1_750_000_000_000;

/** `collect(record)` records, flushes, and gives what each sink posted: { ndjson, protobuf, json, tide }. */
export async function capture(record, { signals = ["traces", "metrics", "logs"], options = {} } = {}) {
  const posts = { ndjson: [], protobuf: [], json: [] };
  const keep =
    (kind) =>
    async (url, { headers, body }) => {
      const bytes = headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
      const type = headers["content-type"];
      posts[kind].push({ signal: signalOf(new URL(url).pathname), type, bytes });
      return new Response(null, { status: 200 });
    };
  const url = "http://sink.example/";
  const host = { nowMs: START_MS };
  const tide = createCollector({
    service: { name: "shop", version: "1.2.3" },
    sinks: [
      ndjson({ url, fetch: keep("ndjson") }),
      otlp({ url, signals, fetch: keep("protobuf"), name: "sink" }),
      otlp({ url, signals, fetch: keep("json"), name: "sink", encoding: "json" }),
    ],
    clock: () => host.nowMs,
    ...{ autoTick: false, handleSignals: false },
    ...options,
  });
  await record(tide, host);
  host.nowMs += 1000;
  await tide.flush();
  const text = Buffer.concat(posts.ndjson.map(({ bytes }) => bytes)).toString();
  const decode = ({ signal, type, bytes }) => ({ signal, request: decodeExport(signal, type, bytes) });
  return {
    tide,
    host,
    ndjson: text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
    protobuf: posts.protobuf.map(decode),
    json: posts.json.map(decode),
  };
}
