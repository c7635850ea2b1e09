//! Conversions between the host's values and the engine's.

use crate::encode::json::{Object, key};
pub(super) use crate::encode::ndjson::counters;
use crate::engine::stats::{Figures, SeriesSnapshot, Snapshot};
use crate::engine::{Notice, Outcome};

/// A response status; anything else is unknown.
pub(super) fn status(value: f64) -> Option<u16> {
    (100.0..=999.0).contains(&value).then_some(value as u16)
}

/// What a sink answered, from the shim's number and its value.
pub(super) fn outcome(outcome: u32, value: f64) -> Outcome {
    match outcome {
        0 => Outcome::Ok { rejected: value as u32 },
        1 => Outcome::Retry { after_ms: known(value) },
        3 => Outcome::TooLarge,
        _ => Outcome::Fatal,
    }
}

/// NaN is unknown.
pub(super) fn known(value: f64) -> Option<f64> {
    (!value.is_nan()).then_some(value)
}

/// Numbers as the host reads them.
pub(super) fn numbers(out: &mut Vec<u8>, values: &[f64]) {
    for value in values {
        out.extend_from_slice(&value.to_le_bytes());
    }
}

/// An object as JSON; unknown figures are `null`.
pub(super) fn object(out: &mut Vec<u8>, write: impl FnOnce(&mut Object<'_>)) {
    let mut object = Object::open(out);
    write(&mut object);
    object.close();
}

/// A statistics snapshot, in DESIGN's shape.
pub(super) fn snapshot(snapshot: &Snapshot, object: &mut Object<'_>) {
    figures(&snapshot.total, object);
    let mut sparkline = object.object(key!("sparkline"));
    sparkline.wholes(key!("seconds"), &snapshot.seconds);
    sparkline.wholes(key!("slots"), &snapshot.slots);
    sparkline.close();
    object.array(key!("series"), &snapshot.series, series);
}

fn series(object: &mut Object<'_>, series: &SeriesSnapshot) {
    object.text(key!("kind"), series.kind);
    object.text(key!("name"), &series.name);
    figures(&series.figures, object);
    let mut sparkline = object.object(key!("sparkline"));
    sparkline.wholes(key!("slots"), &series.slots);
    sparkline.close();
    object.flag(key!("coarse"), series.coarse);
}

fn figures(figures: &Figures, object: &mut Object<'_>) {
    let known = |value: Option<f64>| value.unwrap_or(f64::NAN);
    object.number(key!("count"), figures.count as f64);
    object.number(key!("errors"), figures.errors as f64);
    object.number(key!("rps"), figures.rps);
    object.number(key!("errorPct"), figures.error_pct);
    object.number(key!("p50Ms"), known(figures.p50_ms));
    object.number(key!("p90Ms"), known(figures.p90_ms));
    object.number(key!("p95Ms"), known(figures.p95_ms));
    object.number(key!("p99Ms"), known(figures.p99_ms));
    object.number(key!("p999Ms"), known(figures.p999_ms));
    object.number(key!("maxMs"), known(figures.max_ms));
    object.number(key!("meanMs"), known(figures.mean_ms));
}

/// A notice, with its `type`.
pub(super) fn notice(notice: &Notice, object: &mut Object<'_>) {
    let (kind, sink) = match notice {
        Notice::Drop { sink, .. } => ("drop", sink),
        Notice::Flush { sink, .. } => ("flush", sink),
        Notice::SinkDisabled { sink } => ("sink-disabled", sink),
        Notice::SinkRecovered { sink } => ("sink-recovered", sink),
    };
    object.text(key!("type"), kind);
    object.number(key!("sink"), *sink as f64);
    match notice {
        Notice::Drop { reason, count, .. } => {
            object.text(key!("reason"), reason.as_str());
            object.number(key!("count"), *count as f64);
        }
        Notice::Flush { batch_id, count, outcome, .. } => {
            object.text(key!("batchId"), batch_id.as_str());
            object.number(key!("count"), *count as f64);
            object.text(key!("outcome"), outcome);
        }
        Notice::SinkDisabled { .. } | Notice::SinkRecovered { .. } => {}
    }
}
