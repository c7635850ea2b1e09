//! Metrics: the measurements of one interval (delta), and the counters since the beginning (cumulative).

use super::attributes::Attributes;
use super::resource::Fields;
use super::traces::{database, status_code};
use super::wire::{Field, Writer};
use crate::encode::time::nanos;
use crate::engine::metrics::{Exponential, Instrument, MetricKind, MetricValue, OVERFLOW, Point, SeriesView};
use crate::engine::{Batch, Counters, Measured, Reason, SinkCounters, Value};

pub(super) const FIELDS: Fields =
    Fields { resources: (1, "resourceMetrics"), scopes: (2, "scopeMetrics"), events: METRICS };
const METRICS: Field = (2, "metrics");
const POINTS: Field = (1, "dataPoints");
const START: Field = (2, "startTimeUnixNano");
const TIME: Field = (3, "timeUnixNano");
/// Requests without a duration. OTLP has no such field; only batches for a hub, which are JSON, have such points.
const UNTIMED: Field = (0, "untimed");

/// Writes all metrics of a batch.
///
/// Messages: <https://github.com/open-telemetry/opentelemetry-proto/blob/v1.9.0/opentelemetry/proto/metrics/v1/metrics.proto>
pub(super) fn all(batch: &Batch<'_>, writer: &mut Writer<'_>) {
    if let Some(measured) = batch.metrics() {
        durations(Instrument::HttpServer, "http.server.request.duration", &measured, writer);
        durations(Instrument::DbClient, "db.client.operation.duration", &measured, writer);
        of_program(&measured, writer);
    }
    // A hub has the counters beside the metrics.
    if batch.summary().is_none() {
        own(batch, writer);
    }
}

/// Spec: <https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#metric-httpserverrequestduration> and
/// <https://opentelemetry.io/docs/specs/semconv/database/database-metrics/#metric-dbclientoperationduration>
fn durations(instrument: Instrument, name: &str, measured: &Measured<'_>, writer: &mut Writer<'_>) {
    let mut points = measured.points.iter().filter(|point| point.instrument() == instrument).peekable();
    if points.peek().is_none() {
        return;
    }
    let metric = writer.item(METRICS);
    writer.text((1, "name"), name);
    writer.text((3, "unit"), "s");
    let histogram = writer.open((10, "exponentialHistogram"));
    writer.open_list(POINTS);
    for point in points {
        let item = writer.item(POINTS);
        attributes(point, writer);
        interval(measured, writer);
        distribution(point.histogram(), writer);
        if point.untimed() > 0 {
            writer.fixed64(UNTIMED, point.untimed());
        }
        writer.close(item);
    }
    writer.close_list();
    writer.number(TEMPORALITY, temporality(measured));
    writer.close(histogram);
    writer.close(metric);
}

/// Writes the program's metrics, each with all of its series.
fn of_program(measured: &Measured<'_>, writer: &mut Writer<'_>) {
    let all = measured.series();
    let Some(last) = all.clone().map(|series| series.metric_index).max() else { return };
    for index in 0..=last {
        let mut series = all.clone().filter(|series| series.metric_index == index).peekable();
        if let Some(first) = series.peek() {
            one_of_program(*first, series, measured, writer);
        }
    }
}

fn one_of_program<'a>(
    SeriesView { metric, .. }: SeriesView<'a>,
    series: impl Iterator<Item = SeriesView<'a>>,
    measured: &Measured<'_>,
    writer: &mut Writer<'_>,
) {
    let message = writer.item(METRICS);
    writer.text((1, "name"), &metric.name);
    for (field, text) in [((2, "description"), &metric.description), ((3, "unit"), &metric.unit)] {
        if !text.is_empty() {
            writer.text(field, text);
        }
    }
    let data = writer.open(match metric.kind {
        MetricKind::Counter => (7, "sum"),
        MetricKind::Gauge => (5, "gauge"),
        MetricKind::Histogram => (10, "exponentialHistogram"),
    });
    writer.open_list(POINTS);
    for series in series {
        let item = writer.item(POINTS);
        let is_number = matches!(series.value, MetricValue::Number(_));
        of_series(&series, if is_number { 7 } else { 1 }, writer);
        interval(measured, writer);
        match series.value {
            // A double always: a series of two types would be two to some receivers.
            MetricValue::Number(number) => writer.double((4, "asDouble"), number),
            MetricValue::Histogram(histogram) => distribution(histogram, writer),
        }
        writer.close(item);
    }
    writer.close_list();
    if metric.kind != MetricKind::Gauge {
        writer.number(TEMPORALITY, temporality(measured));
    }
    if metric.kind == MetricKind::Counter {
        writer.flag((3, "isMonotonic"), true);
    }
    writer.close(data);
    writer.close(message);
}

fn of_series(series: &SeriesView<'_>, field: u32, writer: &mut Writer<'_>) {
    let mut attributes = Attributes::open(field, writer);
    for (key, value) in series.attributes() {
        attributes.pair(key, value);
    }
    attributes.close();
}

fn interval(measured: &Measured<'_>, writer: &mut Writer<'_>) {
    writer.fixed64(START, nanos(measured.start));
    writer.fixed64(TIME, nanos(measured.end));
}

fn temporality(measured: &Measured<'_>) -> u32 {
    if measured.is_cumulative { CUMULATIVE } else { DELTA }
}

fn attributes(point: &Point, writer: &mut Writer<'_>) {
    let mut attributes = Attributes::open(1, writer);
    if point.is_overflow() {
        attributes.value(OVERFLOW, Value::Flag(true));
    } else {
        match point.instrument() {
            Instrument::HttpServer => {
                attributes.text("http.request.method", point.detail());
                attributes.optional("http.route", Some(point.name()).filter(|route| !route.is_empty()));
                status_code(point.status(), point.error(), &mut attributes);
            }
            Instrument::DbClient => database(Some(point.detail()), point.name(), &mut attributes),
        }
        attributes.optional("error.type", point.error());
        for (key, value) in point.labels() {
            attributes.extra(key, value);
        }
    }
    attributes.close();
}

fn distribution(histogram: &Exponential, writer: &mut Writer<'_>) {
    writer.fixed64((4, "count"), histogram.count());
    writer.double((5, "sum"), histogram.sum());
    writer.signed((6, "scale"), histogram.scale());
    writer.fixed64((7, "zeroCount"), histogram.zeros());
    buckets((8, "positive"), histogram.offset(), histogram.buckets(), writer);
    if let Some((offset, counts)) = histogram.negative() {
        buckets((9, "negative"), offset, counts, writer);
    }
    if histogram.count() > 0 {
        writer.double((12, "min"), histogram.min());
        writer.double((13, "max"), histogram.max());
    }
}

fn buckets(field: Field, offset: i32, counts: impl Iterator<Item = u64>, writer: &mut Writer<'_>) {
    let message = writer.open(field);
    writer.signed((1, "offset"), offset);
    writer.packed((2, "bucketCounts"), counts);
    writer.close(message);
}

/// Writes the counters of the ledger.
///
/// They are not named `otel.sdk.*`. Those metrics count spans and log records separately, and have no sampling by outcome.
/// <https://opentelemetry.io/docs/specs/semconv/otel/sdk-metrics/>
fn own(batch: &Batch<'_>, writer: &mut Writer<'_>) {
    let Counters { accepted, sampled_out, excluded, refused, core_resets, truncated, sinks, .. } =
        batch.counters;
    let mut events = Sum::open("tidegate.events", "{event}", batch, writer);
    for (state, count) in
        [("accepted", accepted), ("sampled_out", sampled_out), ("excluded", excluded), ("refused", refused)]
    {
        events.point(*count, None, state, None);
    }
    events.close();
    let mut of_sinks = Sum::open("tidegate.sink.events", "{event}", batch, writer);
    for sink in sinks.iter().enumerate() {
        of_sinks.point(sink.1.accepted, Some(sink), "accepted", None);
        of_sinks.point(sink.1.delivered, Some(sink), "delivered", None);
        for (reason, count) in Reason::ALL.into_iter().zip(sink.1.dropped) {
            if count > 0.0 {
                of_sinks.point(count, Some(sink), "dropped", Some(reason));
            }
        }
    }
    of_sinks.close();
    for (name, unit, count) in [
        ("tidegate.core.resets", "{reset}", core_resets),
        ("tidegate.attributes.truncated", "{attribute}", truncated),
    ] {
        let mut sum = Sum::open(name, unit, batch, writer);
        sum.point(*count, None, "", None);
        sum.close();
    }
}

/// Writes one counter.
struct Sum<'w, 'a> {
    writer: &'w mut Writer<'a>,
    since: u64,
    at: u64,
    metric: super::wire::Open,
    sum: super::wire::Open,
}

impl<'w, 'a> Sum<'w, 'a> {
    fn open(name: &str, unit: &str, batch: &Batch<'_>, writer: &'w mut Writer<'a>) -> Self {
        let metric = writer.item(METRICS);
        writer.text((1, "name"), name);
        writer.text((3, "unit"), unit);
        let sum = writer.open((7, "sum"));
        writer.open_list(POINTS);
        Self { writer, since: nanos(batch.since), at: nanos(batch.at.max(batch.since)), metric, sum }
    }

    fn point(
        &mut self,
        count: f64,
        sink: Option<(usize, &SinkCounters)>,
        state: &str,
        reason: Option<Reason>,
    ) {
        let item = self.writer.item(POINTS);
        self.writer.fixed64(START, self.since);
        self.writer.fixed64(TIME, self.at);
        self.writer.fixed64((6, "asInt"), count as u64);
        let mut attributes = Attributes::open(7, self.writer);
        if let Some((at, sink)) = sink {
            // Two sinks can have the same name.
            attributes.text("tidegate.sink.name", &sink.name);
            attributes.value("tidegate.sink.index", Value::Number(at as f64));
        }
        attributes.optional("tidegate.state", Some(state).filter(|state| !state.is_empty()));
        attributes.optional("tidegate.reason", reason.map(Reason::as_str));
        attributes.close();
        self.writer.close(item);
    }

    fn close(self) {
        self.writer.close_list();
        self.writer.number(TEMPORALITY, CUMULATIVE);
        self.writer.flag((3, "isMonotonic"), true);
        self.writer.close(self.sum);
        self.writer.close(self.metric);
    }
}

const TEMPORALITY: Field = (2, "aggregationTemporality");
const DELTA: u32 = 1;
const CUMULATIVE: u32 = 2;
