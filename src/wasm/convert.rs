//! Conversions between JavaScript values and the engine's.

use crate::engine::stats::{Figures, SeriesSnapshot, Snapshot};
use crate::engine::{Counters, Error, Notice, Outcome, Reason, SinkCounters};
use serde::ser::{Serialize, SerializeMap, Serializer};
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

/// A plain object; unknown figures are `null`.
pub(super) fn object(value: &impl Serialize) -> JsValue {
    let serializer =
        serde_wasm_bindgen::Serializer::new().serialize_missing_as_null(true).serialize_maps_as_objects(true);
    value.serialize(&serializer).unwrap_or(JsValue::NULL)
}

/// The counters, to be serialized as DESIGN's shape.
pub(super) struct CountersView<'a>(pub(super) &'a Counters);

impl Serialize for CountersView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let counters = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("emitted", &counters.emitted)?;
        map.serialize_entry("accepted", &counters.accepted)?;
        map.serialize_entry("sampledOut", &counters.sampled_out)?;
        map.serialize_entry("excluded", &counters.excluded)?;
        map.serialize_entry("refused", &counters.refused)?;
        map.serialize_entry("pending", &counters.pending)?;
        map.serialize_entry("coreResets", &counters.core_resets)?;
        map.serialize_entry("truncated", &counters.truncated)?;
        map.serialize_entry("sinks", &counters.sinks.iter().map(SinkView).collect::<Vec<_>>())?;
        map.end()
    }
}

struct SinkView<'a>(&'a SinkCounters);

impl Serialize for SinkView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sink = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &sink.name)?;
        map.serialize_entry("accepted", &sink.accepted)?;
        map.serialize_entry("delivered", &sink.delivered)?;
        map.serialize_entry("queued", &sink.queued)?;
        map.serialize_entry("inFlight", &sink.in_flight)?;
        map.serialize_entry("dropped", &DroppedView(&sink.dropped))?;
        map.serialize_entry("leasesExpired", &sink.leases_expired)?;
        map.serialize_entry("lateSettles", &sink.late_settles)?;
        map.serialize_entry("disabled", &sink.disabled)?;
        map.end()
    }
}

struct DroppedView<'a>(&'a [f64; Reason::ALL.len()]);

impl Serialize for DroppedView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(Reason::ALL.iter().map(|reason| reason.as_str()).zip(self.0))
    }
}

/// A statistics snapshot, to be serialized as DESIGN's shape.
pub(super) struct SnapshotView<'a>(pub(super) &'a Snapshot);

impl Serialize for SnapshotView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        figures(&mut map, &self.0.total)?;
        map.serialize_entry(
            "sparkline",
            &SparklineView { seconds: Some(&self.0.seconds), slots: &self.0.slots },
        )?;
        map.serialize_entry("series", &self.0.series.iter().map(SeriesView).collect::<Vec<_>>())?;
        map.end()
    }
}

struct SeriesView<'a>(&'a SeriesSnapshot);

impl Serialize for SeriesView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", self.0.kind)?;
        map.serialize_entry("name", &self.0.name)?;
        figures(&mut map, &self.0.figures)?;
        map.serialize_entry("sparkline", &SparklineView { seconds: None, slots: &self.0.slots })?;
        map.serialize_entry("coarse", &self.0.coarse)?;
        map.end()
    }
}

struct SparklineView<'a> {
    seconds: Option<&'a [u32; 60]>,
    slots: &'a [u32; 60],
}

impl Serialize for SparklineView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(seconds) = self.seconds {
            map.serialize_entry("seconds", &seconds[..])?;
        }
        map.serialize_entry("slots", &self.slots[..])?;
        map.end()
    }
}

fn figures<M: SerializeMap>(map: &mut M, figures: &Figures) -> Result<(), M::Error> {
    map.serialize_entry("count", &(figures.count as f64))?;
    map.serialize_entry("errors", &(figures.errors as f64))?;
    map.serialize_entry("rps", &figures.rps)?;
    map.serialize_entry("errorPct", &figures.error_pct)?;
    map.serialize_entry("p50Ms", &figures.p50_ms)?;
    map.serialize_entry("p90Ms", &figures.p90_ms)?;
    map.serialize_entry("p95Ms", &figures.p95_ms)?;
    map.serialize_entry("p99Ms", &figures.p99_ms)?;
    map.serialize_entry("p999Ms", &figures.p999_ms)?;
    map.serialize_entry("maxMs", &figures.max_ms)?;
    map.serialize_entry("meanMs", &figures.mean_ms)
}

/// A notice, to be serialized with its `type`.
pub(super) struct NoticeView(pub(super) Notice);

impl Serialize for NoticeView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match &self.0 {
            Notice::Drop { sink, reason, count } => {
                map.serialize_entry("type", "drop")?;
                map.serialize_entry("sink", sink)?;
                map.serialize_entry("reason", reason.as_str())?;
                map.serialize_entry("count", count)?;
            }
            Notice::Flush { sink, batch_id, count, outcome } => {
                map.serialize_entry("type", "flush")?;
                map.serialize_entry("sink", sink)?;
                map.serialize_entry("batchId", batch_id.as_str())?;
                map.serialize_entry("count", count)?;
                map.serialize_entry("outcome", outcome)?;
            }
            Notice::SinkDisabled { sink } => {
                map.serialize_entry("type", "sink-disabled")?;
                map.serialize_entry("sink", sink)?;
            }
            Notice::SinkRecovered { sink } => {
                map.serialize_entry("type", "sink-recovered")?;
                map.serialize_entry("sink", sink)?;
            }
        }
        map.end()
    }
}
