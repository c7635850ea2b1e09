//! NDJSON: one JSON object a line for each event, and a last line of counters, so that a receiver knows what was lost.
//!
//! Unknown values are absent, never null.

use super::json::Object;
use crate::engine::{Batch, Counters, EventKind, EventView, Reason, SinkCounters, Value};

/// Writes the events of `batch`, then its META line.
pub fn encode(batch: &Batch<'_>, out: &mut Vec<u8>) {
    for event in batch.events() {
        line(&event, out);
        out.push(b'\n');
    }
    meta(batch, out);
    out.push(b'\n');
}

fn line(event: &EventView<'_>, out: &mut Vec<u8>) {
    let mut object = Object::open(out);
    object.text("kind", event.kind.as_str());
    object.number("ts", event.start);
    match event.kind {
        EventKind::Req => {
            object.text("route", event.name);
            optional(&mut object, "method", event.detail);
            if let Some(status) = event.status {
                object.number("status", f64::from(status));
            }
        }
        EventKind::Fn => object.text("fn", event.name),
        EventKind::Db => {
            optional(&mut object, "query", event.query);
            object.text("summary", event.name);
            optional(&mut object, "db_system", event.detail);
            if let Some(rows) = event.rows {
                object.number("rows", rows);
            }
        }
        EventKind::Evt => object.text("name", event.name),
    }
    if let Some(duration) = event.duration {
        object.number("dur_ms", duration);
    }
    optional(&mut object, "error", event.error);
    ids(event, &mut object);
    object.number("p", event.p);
    attributes(event, &mut object);
    object.close();
}

fn optional(object: &mut Object<'_>, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        object.text(key, value);
    }
}

fn ids(event: &EventView<'_>, object: &mut Object<'_>) {
    object.hex("trace_id", &event.link.trace_id);
    object.hex("span_id", &event.link.span_id);
    if event.link.parent_id != [0; 8] {
        object.hex("parent_id", &event.link.parent_id);
    }
}

fn attributes(event: &EventView<'_>, object: &mut Object<'_>) {
    let mut attributes = event.attributes().peekable();
    if attributes.peek().is_none() {
        return;
    }
    let mut inner = object.object("attributes");
    for (key, value) in attributes {
        match value {
            Value::Text(text) => inner.text(key, text),
            Value::Number(x) => inner.number(key, x),
            Value::Flag(flag) => inner.flag(key, flag),
        }
    }
    inner.close();
}

fn meta(batch: &Batch<'_>, out: &mut Vec<u8>) {
    let mut object = Object::open(out);
    object.text("kind", "META");
    optional(&mut object, "service", batch.service.name.as_deref());
    optional(&mut object, "version", batch.service.version.as_deref());
    object.text("isolate", batch.isolate);
    object.number("seq", batch.sequence as f64);
    let mut inner = object.object("counters");
    counters(batch.counters, &mut inner);
    inner.close();
    object.close();
}

/// The counters as the META line, and JavaScript, has them.
pub(crate) fn counters(counters: &Counters, object: &mut Object<'_>) {
    object.number("emitted", counters.emitted);
    object.number("accepted", counters.accepted);
    object.number("sampledOut", counters.sampled_out);
    object.number("excluded", counters.excluded);
    object.number("refused", counters.refused);
    object.number("pending", counters.pending);
    object.number("coreResets", counters.core_resets);
    object.number("truncated", counters.truncated);
    object.array("sinks", &counters.sinks, sink);
}

fn sink(object: &mut Object<'_>, sink: &SinkCounters) {
    object.text("name", &sink.name);
    object.number("accepted", sink.accepted);
    object.number("delivered", sink.delivered);
    object.number("queued", sink.queued);
    object.number("inFlight", sink.in_flight);
    let mut dropped = object.object("dropped");
    for (reason, count) in Reason::ALL.iter().zip(sink.dropped) {
        dropped.number(reason.as_str(), count);
    }
    dropped.close();
    object.number("leasesExpired", sink.leases_expired);
    object.number("lateSettles", sink.late_settles);
    object.flag("disabled", sink.disabled);
}
