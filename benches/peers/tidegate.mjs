import { createCollector } from "tidegate";

/** A collector whose one sink counts bytes of `format`, and is done with them then. */
const collector =
  (format, keepsBytes = false) =>
  (send) => {
    const sink = { name: "bench", format, keepsBytes, send: (bytes) => void send(bytes.length) };
    const tide = createCollector({ sinks: [sink], autoTick: false, handleSignals: false });
    return {
      record: (route, method, status, startMs, durMs) => tide.req(route, method, status, startMs, durMs),
      ship: () => tide.flush(),
      /** Every event was delivered, or the figure means nothing. */
      check: (count) => {
        const { delivered } = tide.counters().sinks[0];
        if (delivered !== count) throw new Error(`${delivered} of ${count} events were delivered`);
      },
    };
  };

export const ndjson = collector("ndjson");
export const ndjsonKept = collector("ndjson", true);
export const otlpProtobuf = collector("otlp-traces-protobuf");
export const otlpJson = collector("otlp-traces-json");

/** Statistics alone: no sink. */
export function statistics() {
  const tide = createCollector({ autoTick: false, handleSignals: false });
  return {
    record: (route, method, status, startMs, durMs) => tide.req(route, method, status, startMs, durMs),
    ship: () => tide.stats,
    check: (count) => {
      if (tide.stats().count !== count) throw new Error("not every event was counted");
    },
  };
}
