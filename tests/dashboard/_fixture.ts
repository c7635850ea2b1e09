// A source with figures that stay as they are: what a page must show is known before.

import type { SinkCounters } from "../../js/types/counters.ts";
import type { SeriesStats, Timeline } from "../../js/types/stats.ts";
import type { View, ViewSource } from "../../js/types/view.ts";

const SLOTS = 60;
const STEP_MS = 15_000;
const ZERO = {
  ...{ overflow: 0, too_large: 0, rejected: 0, encode: 0, disabled: 0, closed: 0, core_reset: 0 },
};

const NONE_REFUSED = {
  ...{ closed: 0, unconfigured: 0, core: 0, entropy: 0, name: 0, status: 0, time: 0, request: 0 },
};

/** Numbers that look drawn, and are the same each time. */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
}

export function timelineOf(
  nowMs: number,
  { slots = SLOTS, stepMs = STEP_MS, scale = 1, seed = 7 } = {},
): Timeline {
  const draw = draws(seed);
  const startMs = Math.floor(nowMs / stepMs) * stepMs - (slots - 1) * stepMs;
  const count = Array.from({ length: slots }, (_, at) =>
    Math.round(scale * (160 + 60 * Math.sin(at / 9) + 50 * draw())),
  );
  const errors = count.map((n, at) => Math.round(n * (at % 17 === 5 ? 0.03 : 0.002 * draw())));
  const p50Ms = count.map(() => 9 + 3 * draw());
  const p95Ms = p50Ms.map((ms) => ms * (3 + draw()));
  const p99Ms = p95Ms.map((ms) => ms * (1.6 + draw()));
  return { startMs, stepMs, count, errors, p50Ms, p95Ms, p99Ms };
}

function seriesOf(
  kind: SeriesStats["kind"],
  name: string,
  count: number,
  ms: number,
  more: Partial<SeriesStats> = {},
): SeriesStats {
  const { count: slots } = timelineOf(0, { scale: count / 12_000, seed: name.length + 3 });
  const errors = more.errors ?? 0;
  const times = {
    p50Ms: ms,
    p90Ms: ms * 2.4,
    p95Ms: ms * 3.1,
    p99Ms: ms * 6,
    p999Ms: ms * 9,
    maxMs: ms * 11,
  };
  return {
    ...{ kind, name, count, rps: count / 900, errorPct: (100 * errors) / count, meanMs: ms * 1.3, ...times },
    ...{ coarse: false, sparkline: { slots }, ...more, errors },
  };
}

export const SERIES: SeriesStats[] = [
  seriesOf("REQ", "/api/items", 4210, 8.2),
  seriesOf("REQ", "/api/items/:id", 5630, 5.4, { errors: 12 }),
  seriesOf("REQ", "/api/orders", 890, 31, { errors: 41 }),
  seriesOf("REQ", "/slow", 130, 412),
  seriesOf("FN", "think", 130, 400),
  seriesOf("DB", "select id, name from items where id = ?", 5630, 1.2, { rowsRead: 5630, rowsWritten: 0 }),
  seriesOf("DB", "insert into items (name) values (?) returning id, name", 890, 4.1, {
    rowsRead: 890,
    rowsWritten: 890,
  }),
];

function sinkOf(name: string, delivered: number, more: Partial<SinkCounters> = {}): SinkCounters {
  const rest = { queued: 0, inFlight: 0, leasesExpired: 0, lateSettles: 0, disabled: false, ...more };
  const dropped = { ...ZERO, ...more.dropped };
  const lost = Object.values(dropped).reduce((a, b) => a + b);
  return { name, accepted: delivered + rest.queued + rest.inFlight + lost, delivered, ...rest, dropped };
}

export function viewOf(nowMs: number, more: Partial<View> = {}): View {
  const timeline = timelineOf(nowMs);
  const sum = (slots: readonly number[]) => slots.reduce((a, b) => a + b);
  const [count, errors] = [sum(timeline.count), sum(timeline.errors)];
  const times = { p50Ms: 9.7, p90Ms: 25.2, p95Ms: 34.8, p99Ms: 71.3, p999Ms: 180, maxMs: 412.5, meanMs: 13 };
  const sparkline = { seconds: Array.from({ length: 60 }, () => 11), slots: timeline.count };
  const stats = { count, errors, rps: count / 900, errorPct: (100 * errors) / count, ...times, sparkline };
  return {
    scope: "process",
    service: { name: "shop", version: "1.4.0" },
    nowMs,
    staleMs: 0,
    stats: { ...stats, series: SERIES },
    timeline,
    metrics: [
      { name: "orders", kind: "counter", unit: "{order}", attributes: { plan: "pro" }, value: 812 },
      { name: "queue.depth", kind: "gauge", unit: "", attributes: {}, value: 17 },
      {
        ...{
          name: "body.size",
          kind: "histogram",
          unit: "By",
          attributes: {},
          count: 890,
          sum: 445_000,
          min: 12,
        },
        ...{ max: 9000, p50: 480, p90: 900, p99: 4100 },
      },
    ],
    counters: {
      ...{
        emitted: 21_400,
        accepted: 11_300,
        sampledOut: 9800,
        excluded: 300,
        refused: 0,
        refusedBy: NONE_REFUSED,
      },
      ...{ pending: 0, coreResets: 0, truncated: 0, uncarried: 0 },
      metrics: { observed: 1719, overflowed: 0, refused: 0 },
      sinks: [sinkOf("otlp-traces", 11_200, { queued: 90 }), sinkOf("ndjson", 11_250, { inFlight: 40 })],
    },
    exceptions: [
      ...[61_000, 38_000, 4000].map((ageMs, at) => ({
        tsMs: nowMs - ageMs,
        type: "PaymentError",
        message: "the card was declined",
        stack: "at pay (src/pay.ts:12:9)\nat fetch (src/index.ts:31:5)",
        route: "/api/orders",
        method: "POST",
        traceId: `8c2f4c1d9be04f7a9a1c5b1f0d3e6a7${at}`,
        handled: false,
      })),
      {
        tsMs: nowMs - 2000,
        type: "TypeError",
        message: "x is undefined",
        route: "/slow",
        method: "GET",
        handled: true,
      },
    ],
    versions: [
      {
        version: "1.4.0",
        count: 9200,
        errors: 30,
        errorPct: 0.33,
        rps: 10.2,
        p95Ms: 33.1,
        lastMs: nowMs - 900,
      },
      {
        version: "1.3.9",
        count: 1660,
        errors: 23,
        errorPct: 1.39,
        rps: 1.8,
        p95Ms: 41.7,
        lastMs: nowMs - 44_000,
      },
    ],
    ...more,
  };
}

/** A source of `make(nowMs)`; by default one process's. */
export function fixture(make: (nowMs: number) => View = viewOf): ViewSource {
  return {
    view: async () => make(Date.now()),
    timeline: async ({ name }) => timelineOf(Date.now(), { seed: name.length + 3 }),
    metricsText: async (openMetrics) => `# of the fixture\nup 1\n${openMetrics ? "# EOF\n" : ""}`,
  };
}
