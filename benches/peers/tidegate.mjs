import { createCollector } from "tidegate";

const request = (tide) => (route, method, status, startMs, durationMs) =>
  tide.req(route, method, status, startMs, durationMs);

/** A collector whose one sink counts bytes of `format`, and is done with them then. */
const collector =
  (format, { keepsBytes = false, recorder = request } = {}) =>
  (send) => {
    const sink = { name: "bench", format, keepsBytes, send: (bytes) => void send(bytes.length) };
    const tide = createCollector({ sinks: [sink], autoTick: false, handleSignals: false });
    return {
      record: recorder(tide),
      ship: () => tide.flush(),
      /** Every event was delivered, or the figure means nothing. */
      check: (count) => {
        const { delivered } = tide.counters().sinks[0];
        if (delivered !== count) throw new Error(`${delivered} of ${count} events were delivered`);
      },
    };
  };

export const ndjson = collector("ndjson");
export const ndjsonKept = collector("ndjson", { keepsBytes: true });
export const otlpProtobuf = collector("otlp-traces-protobuf");
export const otlpJson = collector("otlp-traces-json");

/** The same number of events, of another kind. */
export const customEvents = collector("ndjson", {
  recorder: (tide) => (route, _method, status) => tide.evt("order placed", { route, status }),
});
export const statements = collector("ndjson", {
  recorder: (tide) => {
    const statement = (at) =>
      `select id, total from table${at} where id = ${at} and state in ('new', 'paid')`;
    const known = JSON.parse(JSON.stringify(Array.from({ length: 32 }, (_, at) => statement(at))));
    let at = 0;
    return (_route, _method, _status, startMs, durationMs) => {
      at = (at + 1) % known.length;
      tide.db(known[at], startMs, durationMs, { system: "postgresql", rows: 3 });
    };
  },
});

/** The slots of the statistics are this long. */
const SLOT_MS = 15_000;

/** Statistics alone: no sink. Each request ended up to `slots` slots ago; 0: now. */
const counting = (slots) => () => {
  const tide = createCollector({ autoTick: false, handleSignals: false });
  let recorded = 0;
  return {
    record(route, method, status, startMs, durationMs) {
      const late = slots === 0 ? 0 : durationMs + SLOT_MS * (1 + ((recorded >> 7) % slots));
      recorded += 1;
      tide.req(route, method, status, startMs - late, durationMs);
    },
    ship: () => tide.stats,
    check: (count) => {
      if (tide.stats().count !== count) throw new Error("not every event was counted");
    },
  };
};

export const statistics = counting(0);
/** As a consumer of a queue records them. */
export const late = counting(2);
/** As a backfill does. */
export const backfill = counting(50);

const SERIES = 128;

/** A snapshot of 128 series with each request. */
export function snapshots() {
  const tide = createCollector({ autoTick: false, handleSignals: false });
  const now = Date.now();
  const record = (at) => tide.req(`/route/${at % SERIES}`, "GET", 200, now, ((at * 7919) % 10_000) / 10);
  let recorded = 0;
  while (recorded < 100_000) record(recorded++);
  return {
    record: () => {
      record(recorded++);
      if (tide.stats().series.length < SERIES) throw new Error("not every series is shown");
    },
    ship: () => {},
    check: () => {
      if (tide.stats().count !== recorded) throw new Error("not every request was counted");
    },
  };
}
