//! Prometheus text, version 0.0.4: totals as counters, the figures of the window as gauges.
//!
//! One scrape reads one isolate. Where a service has many isolates, use a metrics sink instead.
//!
//! | file | what it writes |
//! |---|---|
//! | `text` | families and samples |
//! | `names` | names and labels, none of them twice |
//! | `ledger` | the counters and the figures of the window |
//! | `metrics` | requests, and the program's metrics |
//! | `target` | what is measured |
//!
//! Spec: <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>

mod ledger;
mod metrics;
mod names;
mod target;
mod text;

use crate::engine::Counters;
use crate::engine::config::Service;
use crate::engine::metrics::{Classic, Point, SeriesView};
use crate::engine::stats::Snapshot;
use text::Text;

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
    ledger::write(counters, stats, &mut Text { out, open_metrics: false, instance: None });
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
        ledger::write(self.counters, self.stats, text);
        metrics::requests(self.requests, text);
        metrics::program(self.series, text);
        target::write(self.service, self.resource, text);
        if self.open_metrics {
            out.extend_from_slice(b"# EOF\n");
        }
    }
}

/// Appends `target_info`: the service and the resource attributes as labels. Nothing if there are none.
///
/// A key becomes a label as OpenTelemetry says: what no label may hold is `_`. Of two keys with one label the first stays.
///
/// Spec: <https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#resource-attributes-1>
pub fn target(service: &Service, resource: &[(String, String)], out: &mut Vec<u8>) {
    target::write(service, resource, &mut Text { out, open_metrics: false, instance: None });
}
