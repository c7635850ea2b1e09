// An isolate that measures and pushes to the hub as the engine does, but when it is told to: for replays, reordering and
// simulated time. Its bytes are those of a sink of format "stats".
import { StatsStore } from "../../pkg/dist/inline-stats.js";

const bytesOf = (value) => new TextEncoder().encode(JSON.stringify(value));

/** @param {number} number names it */
export function makeIsolate(number, { version = "1.0.0", service = "shop" } = {}) {
  const id = number.toString(16).padStart(8, "0").repeat(2);
  const totals = { requests: 0, errors: 0 };
  let since = fresh();
  let seq = 0;
  return {
    id,
    totals,
    req(route, endMs, durationMs, isError = false) {
      since.store ??= new StatsStore({ series: 16 });
      since.store.record(endMs, durationMs, isError, route);
      since.durations.push(durationMs);
      since.errors += isError ? 1 : 0;
    },
    exception(type, tsMs, more = {}) {
      since.exceptions.push({ ts: tsMs, type, ...more });
    },
    /** What was recorded since the last cut: { batchId, bytes, requests, errors }. */
    cut(nowMs) {
      const { store, durations, errors, exceptions } = since;
      since = fresh();
      seq += 1;
      totals.requests += durations.length;
      totals.errors += errors;
      const accepted = totals.requests;
      const sinks = [
        { name: "hub", accepted, delivered: accepted - durations.length, inFlight: durations.length },
      ];
      const counters = { emitted: accepted, accepted, sinks };
      const head = bytesOf({
        ...{ v: 1, isolate: id, seq, service: { name: service, version }, from: nowMs, to: nowMs },
        ...{ counters, exceptions },
      });
      const metrics = bytesOf(otlp(durations, nowMs));
      const stats = (store ?? new StatsStore({ series: 1 })).toBytes();
      const bytes = Buffer.concat([length(head), head, length(metrics), metrics, stats]);
      return { batchId: `${id}-0-${seq}`, bytes, requests: durations.length, errors };
    },
  };
}

function fresh() {
  return { store: undefined, durations: [], errors: 0, exceptions: [] };
}

function length(bytes) {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(bytes.length);
  return buffer;
}

/** The durations as a histogram at scale 0, and their number as a counter of the program. */
function otlp(durations, nowMs) {
  const indexes = durations.map((ms) => Math.ceil(Math.log2(Math.max(ms, 0.001) / 1000)) - 1);
  const offset = Math.min(0, ...indexes);
  const bucketCounts = new Array(Math.max(0, ...indexes) - offset + 1).fill(0);
  for (const index of indexes) bucketCounts[index - offset] += 1;
  const time = { timeUnixNano: `${Math.round(nowMs)}000000` };
  const histogram = {
    ...{ attributes: [attribute("http.route", "/"), attribute("http.request.method", "GET")], ...time },
    ...{ count: `${durations.length}`, scale: 0, zeroCount: "0", positive: { offset, bucketCounts } },
    ...{ sum: durations.reduce((sum, ms) => sum + ms / 1000, 0), min: 0.001, max: 1 },
  };
  const order = { attributes: [], ...time, asDouble: durations.length };
  return {
    resourceMetrics: [
      {
        scopeMetrics: [
          {
            metrics: [
              delta("http.server.request.duration", "s", { exponentialHistogram: histogram }),
              delta("orders", "{order}", { sum: order }),
            ],
          },
        ],
      },
    ],
  };
}

const attribute = (key, stringValue) => ({ key, value: { stringValue } });

function delta(name, unit, data) {
  const [[kind, point]] = Object.entries(data);
  return { name, unit, [kind]: { dataPoints: [point], aggregationTemporality: 1 } };
}
