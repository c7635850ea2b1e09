//! The metrics of the program.

use super::{Collector, Signal};
use crate::engine::error::Error;
use crate::engine::event::Attributes;
use crate::engine::ledger::Count;
use crate::engine::metrics::{Classic, MetricId, MetricKind, Point, SeriesId, SeriesView};

impl Collector {
    /// The id of a metric, which is made if there is none of this name. Names that differ in case only are the same; unit
    /// and description are those of the first call.
    ///
    /// # Errors
    /// [`ErrorKind::Metric`](crate::engine::ErrorKind::Metric) for a name that is not one of OpenTelemetry's syntax or has
    /// another kind, and for more than [`MAX_METRICS`](crate::engine::metrics::MAX_METRICS) metrics.
    ///
    /// # Examples
    /// ```
    /// use tidegate::engine::{Attributes, Collector, Config, MetricKind, Value};
    ///
    /// let mut collector = Collector::new(Config::default())?;
    /// collector.seed_entropy([42; 64]);
    /// let orders = collector.metric(MetricKind::Counter, "orders", "{order}", "Orders that were paid.")?;
    /// let mut attributes = Attributes::default();
    /// attributes.push("plan", Value::Text("pro"));
    ///
    /// let now = 1_767_225_600_000.0;
    /// collector.measure(orders, 1.0, &attributes, now);
    /// let pro = collector.series(orders, &attributes); // Faster, if the attributes are known before.
    /// collector.measure_series(pro, 2.0, now);
    /// let series = collector.metrics().next().expect("one");
    /// assert!(matches!(series.value, tidegate::engine::metrics::MetricValue::Number(3.0)));
    /// # Ok::<(), tidegate::engine::Error>(())
    /// ```
    pub fn metric(
        &mut self,
        kind: MetricKind,
        name: &str,
        unit: &str,
        description: &str,
    ) -> Result<MetricId, Error> {
        self.shared.registry.define(kind, name, unit, description)
    }

    /// The id of an attribute set of a metric, in any order of the attributes. The first
    /// [`Config::metric_series`](crate::engine::Config::metric_series) sets have one each; further ones have that of the
    /// metric's overflow set.
    pub fn series(&mut self, metric: MetricId, attributes: &Attributes) -> SeriesId {
        self.shared.ledger.add(Count::Truncated, attributes.truncated() as usize);
        self.shared.registry.series(metric, attributes)
    }

    /// Records a number with a metric: adds it to a counter, sets a gauge, or counts it in a histogram.
    ///
    /// A counter takes finite numbers ≥ 0, the others finite numbers. Any other number, and any number after
    /// [`close`](Self::close), is counted in [`MetricCounters::refused`](crate::engine::MetricCounters::refused).
    pub fn measure(&mut self, metric: MetricId, value: f64, attributes: &Attributes, now_ms: f64) -> Signal {
        let metrics = self.shared.registry.metrics();
        let is_taken = metrics.get(usize::from(metric.number())).is_some_and(|known| known.kind.takes(value));
        // A number that is refused takes no place of an attribute set.
        let series = if is_taken { self.series(metric, attributes) } else { metric.bare() };
        self.measure_series(series, value, now_ms)
    }

    /// As [`measure`](Self::measure), with the id of an attribute set.
    pub fn measure_series(&mut self, series: SeriesId, value: f64, now_ms: f64) -> Signal {
        self.measure_all([(series, value)].into_iter(), now_ms)
    }

    /// Records numbers that the host has buffered, each as [`measure_series`](Self::measure_series) does.
    pub fn measure_all(&mut self, rows: impl Iterator<Item = (SeriesId, f64)>, now_ms: f64) -> Signal {
        self.read_clock(now_ms);
        for (series, value) in rows {
            self.recorder.measure(series, value, &mut self.shared, &mut self.delivery);
        }
        self.signal()
    }

    /// Counts `count` numbers as refused that the host could not pass.
    pub fn refuse_measurements(&mut self, count: usize) {
        self.shared.ledger.add(Count::Unmeasured, count);
    }

    /// Counts every request from now on in [`request_totals`](Self::request_totals), at some cost a request. Without a call
    /// the first 16 384 requests are counted: call it at the start if somebody will read them.
    pub fn count_requests(&mut self) {
        self.recorder.count_requests();
    }

    /// Requests and their durations since the start, for Prometheus.
    #[must_use]
    pub fn request_totals(&self) -> &[Point<Classic>] {
        self.recorder.request_totals()
    }

    /// What was recorded with metrics of the program since the start, by series.
    pub fn metrics(&self) -> impl Iterator<Item = SeriesView<'_>> + Clone {
        let values = self.recorder.values();
        values.views(0..values.len(), &self.shared.registry)
    }
}
