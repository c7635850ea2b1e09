//! Requests and their durations, and the program's metrics.

use super::names::{Labels, Taken, distinct, family_name, label, push_labels};
use super::target::TARGET;
use super::text::{COUNTER, GAUGE, HISTOGRAM, Text};
use crate::engine::metrics::{Classic, Exponential, MetricKind, MetricValue, OVERFLOW, Point, SeriesView};
use crate::engine::text::number;

/// Spec: <https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/>
pub(super) fn requests(points: &[Point<Classic>], text: &mut Text<'_>) {
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
    text.family(REQUEST_DURATION, HISTOGRAM, "Durations of requests, sampled or not.");
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
pub(super) fn program(all: &[SeriesView<'_>], text: &mut Text<'_>) {
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
            MetricKind::Histogram => HISTOGRAM,
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

const REQUESTS: &str = "http_server_requests_total";
const REQUEST_DURATION: &str = "http_server_request_duration_seconds";
