//! A push to a hub: what was recorded in one interval.
//!
//! | part | type | meaning |
//! |---|---|---|
//! | length | u32, little-endian | of the head in bytes |
//! | head | JSON | see [`head`] |
//! | length | u32, little-endian | of the metrics in bytes |
//! | metrics | OTLP as JSON | an `ExportMetricsServiceRequest` of the interval: delta |
//! | statistics | the rest | the binary form of a [`StatsStore`](crate::engine::stats::StatsStore) |
//!
//! A point of `http.server.request.duration` may have `untimed`: the number of further requests, whose duration is unknown.

use super::exceptions;
use super::json::{Object, key};
use super::ndjson;
use super::otlp::{self, Form};
use crate::engine::{Batch, Refusal, SummaryView, Value};

/// Writes the summary of a batch.
pub(super) fn encode(batch: &Batch<'_>, out: &mut Vec<u8>) {
    let Some(summary) = batch.summary() else { return };
    part(out, |out| head(batch, &summary, out));
    part(out, |out| otlp::metrics(batch, Form::Json, out));
    out.extend_from_slice(summary.statistics);
}

/// Writes a part behind its length.
fn part(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    let length = (out.len() - at - 4) as u32;
    if let Some(place) = out.get_mut(at..at + 4) {
        place.copy_from_slice(&length.to_le_bytes());
    }
}

/// Writes isolate, sequence number, service, interval, the counters of the isolate since its start, and the exceptions.
fn head(batch: &Batch<'_>, summary: &SummaryView<'_>, out: &mut Vec<u8>) {
    let mut object = Object::open(out);
    object.numbers(&[
        (key!("v"), 1.0),
        (key!("seq"), batch.sequence as f64),
        (key!("from"), summary.start),
        (key!("to"), summary.end),
    ]);
    object.text(key!("isolate"), batch.isolate);
    let mut service = object.object(key!("service"));
    ndjson::of_service(batch.service, &mut service, [key!("name"), key!("version")]);
    service.close();
    counters(batch, object.object(key!("counters")));
    object.key(key!("exceptions"));
    exceptions::encode(summary.exceptions.iter(), object.out());
    object.close();
}

/// Writes the counters of a META line, and those that are in `counters()` of JavaScript alone.
fn counters(batch: &Batch<'_>, mut object: Object<'_>) {
    let counters = batch.counters;
    ndjson::counters(counters, &mut object);
    let mut refused = object.object(key!("refusedBy"));
    for (reason, count) in Refusal::ALL.iter().zip(counters.refused_by) {
        refused.member(reason.as_str(), Value::Number(count));
    }
    refused.close();
    let mut metrics = object.object(key!("metrics"));
    metrics.numbers(&[
        (key!("observed"), counters.metrics.observed),
        (key!("overflowed"), counters.metrics.overflowed),
        (key!("refused"), counters.metrics.refused),
    ]);
    metrics.close();
    object.close();
}
