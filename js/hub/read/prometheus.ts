/** What a scrape of the hub reads: the metrics of `metricsText()`, of all isolates together. */
import type { Counters } from "../../types/counters.ts";
import type { Figures, Stats } from "../../types/stats.ts";
import { CLASSIC_BOUNDS } from "../figures/classic.ts";
import { boundOf, type Distribution } from "../figures/distribution.ts";
import { type MetricsJson, REQUESTS, type TotalPoint } from "../figures/metric-totals.ts";
import { distinct, familyName, type Labels, labelsOf, Taken } from "./names.ts";
import { Text } from "./text.ts";
import type { Whole } from "./whole.ts";

export function prometheusText(whole: Whole, openMetrics: boolean): string {
  const text = new Text(openMetrics);
  const { counters } = whole;
  for (const [name, help, value] of TOTALS) {
    text.family(name, "counter", help);
    text.sample(name, [], value(counters));
  }
  text.family("tidegate_events_pending", "gauge", "Events of open requests, undecided.");
  text.sample("tidegate_events_pending", [], counters.pending);
  sinks(counters, text);
  window(whole.stats(), text);
  hub(whole, text);
  const families = whole.service.metrics.families();
  requests(families, text);
  metrics(families, openMetrics, text);
  if (whole.service.name !== undefined) {
    text.family("target_info", "info", "The service that is measured.");
    text.sample("target_info", [["service_name", whole.service.name]], 1);
  }
  return text.toString();
}

function sinks({ sinks: all }: Counters, text: Text): void {
  for (const [name, kind, help, value] of SINKS) {
    text.family(name, kind, help);
    for (const sink of all) text.sample(name, [["sink", sink.name]], value(sink));
  }
  const name = "tidegate_sink_events_dropped_total";
  text.family(name, "counter", "Events lost.");
  for (const sink of all) {
    for (const [reason, count] of Object.entries(sink.dropped)) {
      text.sample(
        name,
        [
          ["sink", sink.name],
          ["reason", reason],
        ],
        count,
      );
    }
  }
}

function window(stats: Stats, text: Text): void {
  const rows = [{ kind: "ALL", name: "ALL", ...stats }, ...stats.series];
  for (const [name, help, value] of WINDOW) {
    text.family(name, "gauge", help);
    for (const row of rows) {
      text.sample(
        name,
        [
          ["kind", row.kind],
          ["name", row.name],
        ],
        value(row),
      );
    }
  }
  const name = "tidegate_window_duration_seconds";
  text.family(name, "gauge", "Duration that the share q of events in the window did not exceed.");
  for (const row of rows) {
    for (const [q, value] of QUANTILES) {
      text.sample(
        name,
        [
          ["kind", row.kind],
          ["name", row.name],
          ["q", q],
        ],
        seconds(value(row)),
      );
    }
  }
}

function hub({ service, isolates, staleMs }: Whole, text: Text): void {
  text.family("tidegate_hub_isolates", "gauge", "Isolates heard of in the last minute.");
  text.sample("tidegate_hub_isolates", [], isolates.live);
  text.family("tidegate_hub_stale_seconds", "gauge", "Age of the newest figures.");
  text.sample("tidegate_hub_stale_seconds", [], staleMs / 1000);
  text.family(
    "tidegate_hub_clock_skew_seconds",
    "gauge",
    "Largest difference of a clock to that of the hub.",
  );
  text.sample("tidegate_hub_clock_skew_seconds", [], isolates.maxSkewMs / 1000);
  text.family("tidegate_hub_pushes_refused_total", "counter", "Pushes that were not counted.");
  for (const [reason, count] of Object.entries(service.refused)) {
    text.sample("tidegate_hub_pushes_refused_total", [["reason", reason]], count);
  }
}

/** Requests, and the durations of those that have one, since the hub began. */
function requests(families: MetricsJson, text: Text): void {
  const points = families.find(({ metric }) => metric.name === REQUESTS)?.points ?? [];
  if (points.length === 0) return;
  const apart = distinct();
  const all = points.map((point) => [apart(labelsOfRequest(point)), point] as const);
  text.family(REQUESTS_TOTAL, "counter", "Requests, sampled or not.");
  for (const [labels, { distribution, untimed = 0 }] of all) {
    text.sample(REQUESTS_TOTAL, labels, (distribution?.count ?? 0) + untimed);
  }
  text.family(REQUEST_DURATION, "histogram", "Durations of requests, sampled or not.");
  for (const [labels, { distribution, classic = [] }] of all) {
    text.histogram(REQUEST_DURATION, labels, cumulative(classic), distribution?.sum ?? 0);
  }
}

/** For OTLP a status of 500 or more is the type of an error too. A scrape has it once. */
function labelsOfRequest({ attributes }: TotalPoint): Labels {
  const { "error.type": type, ...rest } = attributes;
  return labelsOf(type === String(rest["http.response.status_code"]) ? rest : attributes);
}

function cumulative(counts: readonly number[]): [bound: number, count: number][] {
  let sum = 0;
  return [...CLASSIC_BOUNDS, Number.POSITIVE_INFINITY].map((bound, index) => {
    sum += counts[index] ?? 0;
    return [bound, sum];
  });
}

/** Metrics of the program and of statements. Of those with the same names the first is shown. */
function metrics(families: MetricsJson, openMetrics: boolean, text: Text): void {
  const taken = new Taken(openMetrics);
  taken.takes(REQUESTS_TOTAL, "counter");
  taken.takes(REQUEST_DURATION, "histogram");
  taken.takes("target_info", "gauge");
  for (const { metric, points } of families) {
    if (metric.name === REQUESTS) continue;
    const name = familyName(metric);
    if (name.startsWith("tidegate_") || !taken.takes(name, metric.kind)) continue;
    text.family(name, metric.kind, metric.description || metric.name);
    const apart = distinct();
    for (const point of points) {
      const [labels, { value, distribution }] = [apart(labelsOf(point.attributes)), point];
      if (distribution === undefined) text.sample(name, labels, value);
      else text.histogram(name, labels, powersOfTwo(distribution), sumOf(distribution, openMetrics));
    }
  }
}

/** In OpenMetrics a sum never falls. */
const sumOf = ({ negative, sum }: Distribution, openMetrics: boolean): number | null =>
  openMetrics && negative.counts.length > 0 ? null : sum;

/** At powers of two, which are bounds at every scale ≥ 0, so that no count falls; at a coarser scale its own bounds. */
function powersOfTwo({ scale, zeros, negative, positive, count }: Distribution): [number, number][] {
  let sum = zeros + negative.counts.reduce((all, number) => all + number, 0);
  const buckets: [number, number][] = sum > 0 ? [[0, sum]] : [];
  const step = 2 ** Math.max(scale, 0);
  for (const [index, number] of positive.counts.entries()) {
    sum += number;
    const at = positive.offset + index;
    const isLast = index === positive.counts.length - 1;
    if ((at + 1) % step === 0 || isLast)
      buckets.push([boundOf(Math.floor(at / step + 1) * step, scale), sum]);
  }
  return [...buckets, [Number.POSITIVE_INFINITY, count]];
}

const REQUESTS_TOTAL = "http_server_requests_total";
const REQUEST_DURATION = "http_server_request_duration_seconds";

const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);

type OfCounters = (counters: Counters) => number;
type OfSink = (sink: Counters["sinks"][number]) => number;
type OfFigures = (figures: Figures) => number | null;

const TOTALS: readonly (readonly [name: string, help: string, value: OfCounters])[] = [
  ["tidegate_events_emitted_total", "Events given to the collectors.", ({ emitted }) => emitted],
  ["tidegate_events_accepted_total", "Events recorded.", ({ accepted }) => accepted],
  ["tidegate_events_sampled_out_total", "Events that sampling left out.", ({ sampledOut }) => sampledOut],
  ["tidegate_events_excluded_total", "Events of excluded routes.", ({ excluded }) => excluded],
  ["tidegate_events_refused_total", "Events not taken.", ({ refused }) => refused],
  ["tidegate_attributes_truncated_total", "Attributes cut or left out.", ({ truncated }) => truncated],
  ["tidegate_core_resets_total", "Restarts of the engine after a trap.", ({ coreResets }) => coreResets],
];

const SINKS: readonly (readonly [name: string, kind: "counter" | "gauge", help: string, value: OfSink])[] = [
  ["tidegate_sink_events_accepted_total", "counter", "Events for the sink.", ({ accepted }) => accepted],
  ["tidegate_sink_events_delivered_total", "counter", "Events the sink took.", ({ delivered }) => delivered],
  ["tidegate_sink_events_queued", "gauge", "Events that wait.", ({ queued }) => queued],
  ["tidegate_sink_events_in_flight", "gauge", "Events handed out.", ({ inFlight }) => inFlight],
  [
    "tidegate_sink_leases_expired_total",
    "counter",
    "Batches taken back.",
    ({ leasesExpired }) => leasesExpired,
  ],
  [
    "tidegate_sink_late_settles_total",
    "counter",
    "Answers that came too late.",
    ({ lateSettles }) => lateSettles,
  ],
  ["tidegate_sink_disabled", "gauge", "Whether it is disabled anywhere.", ({ disabled }) => Number(disabled)],
];

const WINDOW: readonly (readonly [name: string, help: string, value: OfFigures])[] = [
  ["tidegate_window_events", "Events in the window.", ({ count }) => count],
  ["tidegate_window_errors", "Failed events in the window.", ({ errors }) => errors],
  ["tidegate_window_events_per_second", "Rate over the window.", ({ rps }) => rps],
  ["tidegate_window_error_ratio", "Share of failed events, 0 to 1.", ({ errorPct }) => errorPct / 100],
  ["tidegate_window_duration_max_seconds", "Longest duration.", ({ maxMs }) => seconds(maxMs)],
  ["tidegate_window_duration_mean_seconds", "Mean duration.", ({ meanMs }) => seconds(meanMs)],
];

const QUANTILES: readonly (readonly [q: string, value: OfFigures])[] = [
  ["0.5", ({ p50Ms }) => p50Ms],
  ["0.9", ({ p90Ms }) => p90Ms],
  ["0.95", ({ p95Ms }) => p95Ms],
  ["0.99", ({ p99Ms }) => p99Ms],
  ["0.999", ({ p999Ms }) => p999Ms],
];
