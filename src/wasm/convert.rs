//! Conversions between JavaScript values and the engine's.

use crate::encode::json::Object;
use crate::engine::stats::{Figures, SeriesSnapshot, Snapshot};
use crate::engine::{Error, Notice, Outcome};
use wasm_bindgen::prelude::*;

/// An error as the shim expects it: its code, a line feed, its message.
pub(super) fn throw(error: Error) -> JsValue {
    JsValue::from_str(&format!("{}\n{}", error.code(), error.message()))
}

/// A response status; anything else is unknown.
pub(super) fn status(value: f64) -> Option<u16> {
    (100.0..=999.0).contains(&value).then_some(value as u16)
}

/// What a sink answered, from the shim's number and its value.
pub(super) fn outcome(outcome: u32, value: Option<f64>) -> Outcome {
    match outcome {
        0 => Outcome::Ok { rejected: value.unwrap_or(0.0) as u32 },
        1 => Outcome::Retry { after_ms: value },
        3 => Outcome::TooLarge,
        _ => Outcome::Fatal,
    }
}

/// A plain object, by way of its JSON; unknown figures are `null`.
pub(super) fn object(write: impl FnOnce(&mut Object<'_>)) -> JsValue {
    let mut json = Vec::new();
    let mut object = Object::open(&mut json);
    write(&mut object);
    object.close();
    js_sys::JSON::parse(str::from_utf8(&json).unwrap_or_default()).unwrap_or(JsValue::NULL)
}

/// A statistics snapshot, in DESIGN's shape.
pub(super) fn snapshot(snapshot: &Snapshot, object: &mut Object<'_>) {
    figures(&snapshot.total, object);
    let mut sparkline = object.object("sparkline");
    sparkline.wholes("seconds", &snapshot.seconds);
    sparkline.wholes("slots", &snapshot.slots);
    sparkline.close();
    object.array("series", &snapshot.series, series);
}

fn series(object: &mut Object<'_>, series: &SeriesSnapshot) {
    object.text("kind", series.kind);
    object.text("name", &series.name);
    figures(&series.figures, object);
    let mut sparkline = object.object("sparkline");
    sparkline.wholes("slots", &series.slots);
    sparkline.close();
    object.flag("coarse", series.coarse);
}

fn figures(figures: &Figures, object: &mut Object<'_>) {
    let known = |value: Option<f64>| value.unwrap_or(f64::NAN);
    object.number("count", figures.count as f64);
    object.number("errors", figures.errors as f64);
    object.number("rps", figures.rps);
    object.number("errorPct", figures.error_pct);
    object.number("p50Ms", known(figures.p50_ms));
    object.number("p90Ms", known(figures.p90_ms));
    object.number("p95Ms", known(figures.p95_ms));
    object.number("p99Ms", known(figures.p99_ms));
    object.number("p999Ms", known(figures.p999_ms));
    object.number("maxMs", known(figures.max_ms));
    object.number("meanMs", known(figures.mean_ms));
}

/// A notice, with its `type`.
pub(super) fn notice(notice: &Notice, object: &mut Object<'_>) {
    let (kind, sink) = match notice {
        Notice::Drop { sink, .. } => ("drop", sink),
        Notice::Flush { sink, .. } => ("flush", sink),
        Notice::SinkDisabled { sink } => ("sink-disabled", sink),
        Notice::SinkRecovered { sink } => ("sink-recovered", sink),
    };
    object.text("type", kind);
    object.number("sink", *sink as f64);
    match notice {
        Notice::Drop { reason, count, .. } => {
            object.text("reason", reason.as_str());
            object.number("count", *count as f64);
        }
        Notice::Flush { batch_id, count, outcome, .. } => {
            object.text("batchId", batch_id.as_str());
            object.number("count", *count as f64);
            object.text("outcome", outcome);
        }
        Notice::SinkDisabled { .. } | Notice::SinkRecovered { .. } => {}
    }
}
