//! Prometheus text, version 0.0.4: totals as counters, the figures of the window as gauges.
//!
//! One scrape reads one isolate. Where a service has many isolates, use a metrics sink instead.
//!
//! Spec: <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>

mod names;

use super::json;
use crate::engine::config::Service;
use crate::engine::metrics::{Classic, Exponential, MetricKind, MetricValue, OVERFLOW, Point, SeriesView};
use crate::engine::stats::{Figures, Snapshot};
use crate::engine::text::number;
use crate::engine::{Counters, Reason, SinkCounters};
use names::{Labels, Taken, distinct, family_name, label, push_labels};

/// Appends the answer to a scrape to `out`.
///
/// # Examples
/// ```
/// use tidegate::encode::prometheus;
/// use tidegate::engine::{Collector, Config};
///
/// let mut collector = Collector::new(Config::default())?;
/// let mut text = Vec::new();
/// prometheus::encode(&collector.counters(), &collector.stats(1_767_225_600_000.0), &mut text);
/// assert!(text.starts_with(b"# HELP tidegate_events_emitted_total"));
/// # Ok::<(), tidegate::engine::Error>(())
/// ```
pub fn encode(counters: &Counters, stats: &Snapshot, out: &mut Vec<u8>) {
    ledger(counters, stats, &mut Text { out, open_metrics: false, instance: None });
}

/// All that a scrape reads.
#[derive(Debug)]
pub struct Scrape<'a> {
    /// The ledger.
    pub counters: &'a Counters,
    /// The figures of the window.
    pub stats: &'a Snapshot,
    /// Requests and their durations since the start.
    pub requests: &'a [Point<Classic>],
    /// The program's metrics.
    pub series: &'a [SeriesView<'a>],
    /// The service that is measured.
    pub service: &'a Service,
    /// OpenTelemetry resource attributes.
    pub resource: &'a [(String, String)],
    /// Whether to write OpenMetrics 1.0 instead of text 0.0.4.
    pub open_metrics: bool,
    /// The value of a label `instance` of every sample. `None`: there is no such label.
    pub instance: Option<&'a str>,
}

impl Scrape<'_> {
    /// Appends the answer to a scrape to `out`.
    ///
    /// Spec of OpenMetrics: <https://prometheus.io/docs/specs/om/open_metrics_spec/>
    pub fn encode(&self, out: &mut Vec<u8>) {
        let text = &mut Text { out, open_metrics: self.open_metrics, instance: self.instance };
        ledger(self.counters, self.stats, text);
        requests(self.requests, text);
        metrics(self.series, text);
        target_info(self.service, self.resource, text);
        if self.open_metrics {
            out.extend_from_slice(b"# EOF\n");
        }
    }
}

/// Spec: <https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/>
fn requests(points: &[Point<Classic>], text: &mut Text<'_>) {
    if points.is_empty() {
        return;
    }
    let labels = distinct(&mut points.iter().map(labels_of));
    let each = |text: &mut Text<'_>, write: &dyn Fn(&Point<Classic>, &Labels<'_>, &mut Text<'_>)| {
        for (point, labels) in points.iter().zip(&labels) {
            write(point, labels, text);
        }
    };
    text.family(REQUESTS, COUNTER, "Requests, sampled or not.");
    each(text, &|point, labels, text| {
        text.series(REQUESTS, labels, None, point.requests() as f64);
    });
    text.family(REQUEST_DURATION, "histogram", "Durations of requests, sampled or not.");
    each(text, &|point, labels, text| {
        let buckets: Vec<_> = point.cumulative().collect();
        text.histogram(REQUEST_DURATION, labels, &buckets, Some(point.sum()));
    });
}

fn labels_of(point: &Point<Classic>) -> Labels<'_> {
    if point.is_overflow() {
        return vec![(label(OVERFLOW).into(), "true".into())];
    }
    let mut labels: Labels<'_> = vec![
        ("http_request_method".into(), point.detail().into()),
        ("http_route".into(), point.name().into()),
    ];
    if let Some(status) = point.status() {
        labels.push(("http_response_status_code".into(), number::text(f64::from(status)).into()));
    }
    if let Some(error) = point.error() {
        labels.push(("error_type".into(), error.into()));
    }
    push_labels(&mut point.labels(), &mut labels);
    labels
}

/// The program's metrics, each with all of its series. One whose names a family has already is left out.
fn metrics(all: &[SeriesView<'_>], text: &mut Text<'_>) {
    let mut taken = Taken::new(text.open_metrics);
    taken.takes(REQUESTS, MetricKind::Counter);
    taken.takes(REQUEST_DURATION, MetricKind::Histogram);
    taken.takes(TARGET, MetricKind::Gauge);
    let Some(last) = all.iter().map(|series| series.metric_index).max() else { return };
    for index in 0..=last {
        let series: Vec<_> = all.iter().filter(|series| series.metric_index == index).collect();
        let Some(metric) = series.first().map(|first| first.metric) else { continue };
        let name = family_name(metric);
        if name.starts_with("tidegate_") || !taken.takes(&name, metric.kind) {
            continue;
        }
        let kind = match metric.kind {
            MetricKind::Counter => COUNTER,
            MetricKind::Gauge => GAUGE,
            MetricKind::Histogram => "histogram",
        };
        let help = if metric.description.is_empty() { &metric.name } else { &metric.description };
        text.family(&name, kind, help);
        let labels = distinct(&mut series.iter().map(|series| {
            let mut labels = Vec::new();
            push_labels(&mut series.attributes(), &mut labels);
            labels
        }));
        for (series, labels) in series.iter().zip(&labels) {
            match series.value {
                MetricValue::Number(value) => text.series(&name, labels, None, value),
                MetricValue::Histogram(histogram) => {
                    // In OpenMetrics a sum never falls, and it comes with the count or not at all.
                    let has_sum = !text.open_metrics || histogram.negative().is_none();
                    let sum = has_sum.then(|| histogram.sum());
                    text.histogram(&name, labels, &powers_of_two(histogram), sum);
                }
            }
        }
    }
}

/// The buckets of a histogram at powers of two, which are bounds at every scale ≥ 0; at a coarser scale its own.
fn powers_of_two(histogram: &Exponential) -> Vec<(f64, u64)> {
    let mut sum = histogram.zeros() + histogram.negative().map_or(0, |(_, counts)| counts.sum());
    let mut buckets = Vec::new();
    if sum > 0 {
        buckets.push((0.0, sum));
    }
    let step = 1 << histogram.scale().max(0);
    let mut counts = histogram.buckets().zip(histogram.offset()..).peekable();
    while let Some((count, at)) = counts.next() {
        sum += count;
        if (at + 1) % step == 0 || counts.peek().is_none() {
            let end = (at + step).div_euclid(step) * step;
            buckets.push((histogram.bound(end), sum));
        }
    }
    buckets.push((f64::INFINITY, histogram.count()));
    buckets
}

fn ledger(counters: &Counters, stats: &Snapshot, text: &mut Text<'_>) {
    totals(counters, text);
    for (name, kind, help, value) in &SINKS {
        text.family(name, kind, help);
        for (at, sink) in counters.sinks.iter().enumerate() {
            text.sample(name, &[("sink", &sink.name), ("index", index(at))], value(sink));
        }
    }
    dropped(&counters.sinks, text);
    for (name, help, value) in &WINDOW {
        text.family(name, GAUGE, help);
        rows(stats, &mut |kind, series, figures| {
            text.optional(name, &[("kind", kind), ("name", series)], value(figures));
        });
    }
    text.family(DURATION, GAUGE, "Duration that the share q of events in the window did not exceed.");
    rows(stats, &mut |kind, series, figures| {
        for (q, value) in &QUANTILES {
            text.optional(DURATION, &[("kind", kind), ("name", series), ("q", q)], seconds(value(figures)));
        }
    });
}

/// Appends `target_info`: the service and the resource attributes as labels. Nothing if there are none.
///
/// A key becomes a label as OpenTelemetry says: what no label may hold is `_`. Of two keys with one label the first stays.
///
/// Spec: <https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#resource-attributes-1>
pub fn target(service: &Service, resource: &[(String, String)], out: &mut Vec<u8>) {
    target_info(service, resource, &mut Text { out, open_metrics: false, instance: None });
}

fn target_info(service: &Service, resource: &[(String, String)], text: &mut Text<'_>) {
    let own = [("service.name", &service.name), ("service.version", &service.version)];
    let own = own.into_iter().filter_map(|(key, value)| Some((key, value.as_deref()?)));
    let given = resource.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let mut labels: Vec<(String, &str)> = Vec::new();
    // What measures is no property of the target.
    for (key, value) in own.chain(given).filter(|(key, _)| !key.starts_with("telemetry.")) {
        let label = label(key);
        if !labels.iter().any(|(known, _)| *known == label) {
            labels.push((label, value));
        }
    }
    if !labels.is_empty() {
        let labels: Vec<_> = labels.iter().map(|(label, value)| (label.as_str(), *value)).collect();
        // In OpenMetrics the family of an info has no suffix.
        let (name, kind) = if text.open_metrics { ("target", "info") } else { (TARGET, GAUGE) };
        text.family(name, kind, "The service that is measured.");
        text.sample(TARGET, &labels, 1.0);
    }
}

fn totals(counters: &Counters, text: &mut Text<'_>) {
    for (name, kind, help, value) in &TOTALS {
        text.family(name, kind, help);
        text.sample(name, &[], value(counters));
    }
}

fn dropped(sinks: &[SinkCounters], text: &mut Text<'_>) {
    let name = "tidegate_sink_events_dropped_total";
    text.family(name, COUNTER, "Events lost.");
    for (at, sink) in sinks.iter().enumerate() {
        for (reason, count) in Reason::ALL.into_iter().zip(sink.dropped) {
            text.sample(
                name,
                &[("sink", &sink.name), ("index", index(at)), ("reason", reason.as_str())],
                count,
            );
        }
    }
}

/// Calls `each` for all requests, then for each series.
fn rows(stats: &Snapshot, each: &mut dyn FnMut(&str, &str, &Figures)) {
    each("ALL", "ALL", &stats.total);
    for series in &stats.series {
        each(series.kind, &series.name, &series.figures);
    }
}

fn seconds(ms: Option<f64>) -> Option<f64> {
    ms.map(|ms| ms / 1000.0)
}

/// The index of a sink as text. Two sinks can have the same name.
fn index(at: usize) -> &'static str {
    INDEXES.get(at).copied().unwrap_or("_OTHER")
}

struct Text<'a> {
    out: &'a mut Vec<u8>,
    open_metrics: bool,
    instance: Option<&'a str>,
}

impl Text<'_> {
    /// Writes the lines before the samples of a metric.
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // In OpenMetrics the family of a counter has no suffix.
        let is_cut = self.open_metrics && kind == COUNTER;
        let name = if is_cut { name.strip_suffix("_total").unwrap_or(name) } else { name };
        for part in ["# HELP ", name, " "] {
            self.out.extend_from_slice(part.as_bytes());
        }
        for byte in help.bytes() {
            // Only OpenMetrics escapes a quote here.
            if byte == b'"' && !self.open_metrics {
                self.out.push(byte);
            } else {
                self.escaped(byte);
            }
        }
        for part in ["\n# TYPE ", name, " ", kind, "\n"] {
            self.out.extend_from_slice(part.as_bytes());
        }
    }

    fn optional(&mut self, name: &str, labels: &[(&str, &str)], value: Option<f64>) {
        if let Some(value) = value {
            self.sample(name, labels, value);
        }
    }

    /// Writes the samples of one series of a histogram. The last of `buckets` is that of all.
    fn histogram(&mut self, name: &str, labels: &Labels<'_>, buckets: &[(f64, u64)], sum: Option<f64>) {
        let [bucket, sum_name, count_name] =
            ["_bucket", "_sum", "_count"].map(|suffix| [name, suffix].concat());
        for (bound, count) in buckets {
            let mut le = if bound.is_finite() { number::text(*bound) } else { "+Inf".into() };
            // The canonical form of OpenMetrics.
            if self.open_metrics && bound.is_finite() && !le.contains(['.', 'e']) {
                le.push_str(".0");
            }
            self.series(&bucket, labels, Some(&le), *count as f64);
        }
        if let (Some(sum), Some((_, count))) = (sum, buckets.last()) {
            self.series(&sum_name, labels, None, sum);
            self.series(&count_name, labels, None, *count as f64);
        }
    }

    fn series(&mut self, name: &str, labels: &Labels<'_>, le: Option<&str>, value: f64) {
        let all: Vec<_> =
            labels.iter().map(|(label, value)| (&**label, &**value)).chain(le.map(|le| ("le", le))).collect();
        self.sample(name, &all, value);
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.out.extend_from_slice(name.as_bytes());
        let instance = self.instance.map(|instance| ("instance", instance));
        let mut has_labels = false;
        for (label, text) in labels.iter().copied().chain(instance) {
            self.out.push(if has_labels { b',' } else { b'{' });
            has_labels = true;
            self.out.extend_from_slice(label.as_bytes());
            self.out.extend_from_slice(b"=\"");
            text.bytes().for_each(|byte| self.escaped(byte));
            self.out.push(b'"');
        }
        self.out.extend_from_slice(if has_labels { b"} " } else { b" " });
        json::number(value, self.out);
        self.out.push(b'\n');
    }

    fn escaped(&mut self, byte: u8) {
        match byte {
            b'\\' | b'"' => self.out.extend_from_slice(&[b'\\', byte]),
            b'\n' => self.out.extend_from_slice(b"\\n"),
            _ => self.out.push(byte),
        }
    }
}

type OfCounters = fn(&Counters) -> f64;
type OfSink = fn(&SinkCounters) -> f64;
type OfFigures = fn(&Figures) -> Option<f64>;

const REQUESTS: &str = "http_server_requests_total";
const REQUEST_DURATION: &str = "http_server_request_duration_seconds";
const TARGET: &str = "target_info";
const COUNTER: &str = "counter";
const GAUGE: &str = "gauge";
const DURATION: &str = "tidegate_window_duration_seconds";

const TOTALS: [(&str, &str, &str, OfCounters); 8] = [
    ("tidegate_events_emitted_total", COUNTER, "Events given to the collector.", |all| all.emitted),
    ("tidegate_events_accepted_total", COUNTER, "Events recorded.", |all| all.accepted),
    ("tidegate_events_sampled_out_total", COUNTER, "Events that sampling left out.", |all| all.sampled_out),
    ("tidegate_events_excluded_total", COUNTER, "Events of excluded routes.", |all| all.excluded),
    ("tidegate_events_refused_total", COUNTER, "Events not taken.", |all| all.refused),
    ("tidegate_events_pending", GAUGE, "Events of open requests, undecided.", |all| all.pending),
    ("tidegate_attributes_truncated_total", COUNTER, "Attributes cut or left out.", |all| all.truncated),
    ("tidegate_core_resets_total", COUNTER, "Restarts of the engine after a trap.", |all| all.core_resets),
];

const SINKS: [(&str, &str, &str, OfSink); 7] = [
    ("tidegate_sink_events_accepted_total", COUNTER, "Events for the sink.", |sink| sink.accepted),
    ("tidegate_sink_events_delivered_total", COUNTER, "Events the sink took.", |sink| sink.delivered),
    ("tidegate_sink_events_queued", GAUGE, "Events that wait.", |sink| sink.queued),
    ("tidegate_sink_events_in_flight", GAUGE, "Events handed out.", |sink| sink.in_flight),
    ("tidegate_sink_leases_expired_total", COUNTER, "Batches taken back.", |sink| sink.leases_expired),
    ("tidegate_sink_late_settles_total", COUNTER, "Answers that came too late.", |sink| sink.late_settles),
    ("tidegate_sink_disabled", GAUGE, "Whether the sink is disabled.", |sink| f64::from(sink.disabled)),
];

const WINDOW: [(&str, &str, OfFigures); 6] = [
    ("tidegate_window_events", "Events in the window.", |figures| Some(figures.count as f64)),
    ("tidegate_window_errors", "Failed events in the window.", |figures| Some(figures.errors as f64)),
    ("tidegate_window_events_per_second", "Rate over the window.", |figures| Some(figures.rps)),
    ("tidegate_window_error_ratio", "Share of failed events, 0 to 1.", |figures| {
        Some(figures.error_pct / 100.0)
    }),
    ("tidegate_window_duration_max_seconds", "Longest duration.", |figures| seconds(figures.max_ms)),
    ("tidegate_window_duration_mean_seconds", "Mean duration.", |figures| seconds(figures.mean_ms)),
];

// The label is not "quantile": that one is for summaries, whose totals are not those of a window.
const QUANTILES: [(&str, OfFigures); 5] = [
    ("0.5", |figures| figures.p50_ms),
    ("0.9", |figures| figures.p90_ms),
    ("0.95", |figures| figures.p95_ms),
    ("0.99", |figures| figures.p99_ms),
    ("0.999", |figures| figures.p999_ms),
];

/// One for each sink that a collector can have.
const INDEXES: [&str; 16] =
    ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"];
