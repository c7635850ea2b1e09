//! The objects that JavaScript gets. Names and order are those of the public API.

use crate::engine::metrics::{self, Exponential, Metric, MetricValue};
use crate::engine::stats::{Figures, SeriesSnapshot, Snapshot};
use crate::engine::{Counters, Notice, Reason, Refusal, SinkCounters, Value};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// `Counters` of `js/types`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CountersView<'a> {
    emitted: f64,
    accepted: f64,
    sampled_out: f64,
    excluded: f64,
    refused: f64,
    refused_by: ByReason<{ Refusal::ALL.len() }>,
    pending: f64,
    core_resets: f64,
    truncated: f64,
    uncarried: f64,
    metrics: MetricCountersView,
    sinks: Vec<SinkView<'a>>,
}

#[derive(Serialize)]
struct MetricCountersView {
    observed: f64,
    overflowed: f64,
    refused: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SinkView<'a> {
    name: &'a str,
    accepted: f64,
    delivered: f64,
    queued: f64,
    in_flight: f64,
    dropped: ByReason<{ Reason::ALL.len() }>,
    leases_expired: f64,
    late_settles: f64,
    disabled: bool,
}

/// Counts by reason, as a map.
struct ByReason<const N: usize>([(&'static str, f64); N]);

impl<'a> CountersView<'a> {
    pub(super) fn new(counters: &'a Counters) -> Self {
        Self {
            emitted: counters.emitted,
            accepted: counters.accepted,
            sampled_out: counters.sampled_out,
            excluded: counters.excluded,
            refused: counters.refused,
            refused_by: ByReason(std::array::from_fn(|at| {
                (Refusal::ALL[at].as_str(), counters.refused_by[at])
            })),
            pending: counters.pending,
            core_resets: counters.core_resets,
            truncated: counters.truncated,
            uncarried: counters.uncarried,
            metrics: MetricCountersView {
                observed: counters.metrics.observed,
                overflowed: counters.metrics.overflowed,
                refused: counters.metrics.refused,
            },
            sinks: counters.sinks.iter().map(SinkView::new).collect(),
        }
    }
}

impl<'a> SinkView<'a> {
    fn new(sink: &'a SinkCounters) -> Self {
        Self {
            name: &sink.name,
            accepted: sink.accepted,
            delivered: sink.delivered,
            queued: sink.queued,
            in_flight: sink.in_flight,
            dropped: ByReason(std::array::from_fn(|at| (Reason::ALL[at].as_str(), sink.dropped[at]))),
            leases_expired: sink.leases_expired,
            late_settles: sink.late_settles,
            disabled: sink.disabled,
        }
    }
}

impl<const N: usize> Serialize for ByReason<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0)
    }
}

/// A batch to send.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TransmitView<'a> {
    pub(super) sink: u32,
    pub(super) lease: f64,
    pub(super) count: u32,
    pub(super) batch_id: &'a str,
    pub(super) address: u32,
    pub(super) length: u32,
}

/// A notice, tagged by its `type`. `sink` is the index of the sink.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub(super) enum NoticeView<'a> {
    Drop { sink: u32, reason: &'static str, count: u32 },
    Flush { sink: u32, batch_id: &'a str, count: u32, outcome: &'static str },
    SinkDisabled { sink: u32, count: u32 },
    SinkRecovered { sink: u32 },
}

impl<'a> NoticeView<'a> {
    pub(super) fn new(notice: &'a Notice) -> Self {
        match notice {
            Notice::Drop { sink, reason, count } => {
                Self::Drop { sink: *sink as u32, reason: reason.as_str(), count: *count as u32 }
            }
            Notice::Flush { sink, batch_id, count, outcome } => {
                let (sink, count) = (*sink as u32, *count as u32);
                Self::Flush { sink, batch_id: batch_id.as_str(), count, outcome }
            }
            Notice::SinkDisabled { sink, count } => {
                Self::SinkDisabled { sink: *sink as u32, count: *count as u32 }
            }
            Notice::SinkRecovered { sink } => Self::SinkRecovered { sink: *sink as u32 },
        }
    }
}

/// `MetricSeries` of `js/types`. The fields of another kind are left out.
#[derive(Serialize)]
pub(super) struct SeriesView<'a> {
    name: &'a str,
    kind: &'static str,
    unit: &'a str,
    attributes: AttributesView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sum: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p50: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p90: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p99: Option<f64>,
}

/// Attributes as a map.
struct AttributesView<'a>(&'a metrics::SeriesView<'a>);

impl<'a> SeriesView<'a> {
    pub(super) fn new(series: &'a metrics::SeriesView<'a>) -> Self {
        let (value, histogram) = match series.value {
            MetricValue::Number(number) => (Some(number), None),
            MetricValue::Histogram(histogram) => (None, Some(histogram)),
        };
        let Metric { name, unit, kind, .. } = series.metric;
        Self {
            name,
            kind: kind.as_str(),
            unit,
            attributes: AttributesView(series),
            value,
            count: histogram.map(|histogram| histogram.count() as f64),
            sum: histogram.map(Exponential::sum),
            min: histogram.map(Exponential::min),
            max: histogram.map(Exponential::max),
            p50: histogram.and_then(|histogram| histogram.quantile(0.5)),
            p90: histogram.and_then(|histogram| histogram.quantile(0.9)),
            p99: histogram.and_then(|histogram| histogram.quantile(0.99)),
        }
    }
}

impl Serialize for AttributesView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in self.0.attributes() {
            match value {
                Value::Text(text) => map.serialize_entry(key, text)?,
                Value::Number(number) => map.serialize_entry(key, &number)?,
                Value::Flag(flag) => map.serialize_entry(key, &flag)?,
            }
        }
        map.end()
    }
}

/// `Stats` of `js/types`, or one of its series. Fields that only the other one has are left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RowView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    count: f64,
    errors: f64,
    rps: f64,
    error_pct: f64,
    p50_ms: Option<f64>,
    p90_ms: Option<f64>,
    p95_ms: Option<f64>,
    p99_ms: Option<f64>,
    p999_ms: Option<f64>,
    max_ms: Option<f64>,
    mean_ms: Option<f64>,
    sparkline: SparklineView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coarse: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows_read: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows_written: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    series: Option<Vec<RowView<'a>>>,
}

#[derive(Serialize)]
struct SparklineView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<&'a [u32]>,
    slots: &'a [u32],
}

impl<'a> RowView<'a> {
    /// The row of all requests, with all series.
    pub(super) fn total(snapshot: &'a Snapshot) -> Self {
        let Snapshot { total, seconds, slots, series } = snapshot;
        Self {
            series: Some(series.iter().map(Self::series).collect()),
            ..Self::new(total, SparklineView { seconds: Some(seconds), slots })
        }
    }

    fn series(series: &'a SeriesSnapshot) -> Self {
        let SeriesSnapshot { kind, name, figures, slots, coarse, rows_read, rows_written } = series;
        Self {
            kind: Some(kind),
            name: Some(name),
            coarse: Some(*coarse),
            rows_read: *rows_read,
            rows_written: *rows_written,
            ..Self::new(figures, SparklineView { seconds: None, slots })
        }
    }

    fn new(figures: &Figures, sparkline: SparklineView<'a>) -> Self {
        Self {
            kind: None,
            name: None,
            count: figures.count as f64,
            errors: figures.errors as f64,
            rps: figures.rps,
            error_pct: figures.error_pct,
            p50_ms: figures.p50_ms,
            p90_ms: figures.p90_ms,
            p95_ms: figures.p95_ms,
            p99_ms: figures.p99_ms,
            p999_ms: figures.p999_ms,
            max_ms: figures.max_ms,
            mean_ms: figures.mean_ms,
            sparkline,
            coarse: None,
            rows_read: None,
            rows_written: None,
            series: None,
        }
    }
}
