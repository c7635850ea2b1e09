//! NDJSON: one JSON object per line. Each event is a line; the last line of a batch has the counters, so that a receiver
//! knows what was lost.
//!
//! Unknown values are left out, never null.

use super::json::{Key, Object, key};
use super::template::{PatchOffsets, Templates};
use crate::engine::config::Service;
use crate::engine::{Batch, Counters, EventKind, EventView, Exception, Reason, SinkCounters, Value};

/// Writes the events of `batch`, then the META line.
pub(super) fn encode(batch: &Batch<'_>, templates: &mut Templates, out: &mut Vec<u8>) {
    for record in batch.records() {
        if !templates.write(record, batch, out) {
            let start = out.len();
            let offsets = line(&batch.read(record), batch.service, out);
            templates.store(record, start, &offsets, out);
        }
        out.push(b'\n');
    }
    meta(batch, out);
    out.push(b'\n');
}

/// Writes one event. Returns the offsets of what a template replaces.
pub(super) fn line(event: &EventView<'_>, service: &Service, out: &mut Vec<u8>) -> PatchOffsets {
    let mut offsets = PatchOffsets::default();
    let mut object = Object::open(out);
    object.text(key!("kind"), event.kind.as_str());
    object.key(key!("ts"));
    offsets.times[0] = object.position();
    object.value(event.start);
    of_service(service, &mut object, OF_EVENT);
    match event.kind {
        EventKind::Req => {
            named(&mut object, key!("route"), event.name, &mut offsets);
            optional(&mut object, key!("method"), event.detail);
            if let Some(status) = event.status {
                object.number(key!("status"), f64::from(status));
            }
        }
        EventKind::Fn => named(&mut object, key!("fn"), event.name, &mut offsets),
        EventKind::Db => {
            optional(&mut object, key!("query"), event.query);
            object.text(key!("summary"), event.name);
            optional(&mut object, key!("db_system"), event.detail);
            for (key, figure) in [
                (key!("rows"), event.rows),
                (key!("rows_read"), event.rows_read),
                (key!("rows_written"), event.rows_written),
                (key!("db_ms"), event.db_ms),
            ] {
                if let Some(figure) = figure {
                    object.number(key, figure);
                }
            }
        }
        EventKind::Evt => {
            named(&mut object, key!("name"), event.name, &mut offsets);
            object.text(key!("severity"), event.severity.names().0);
        }
    }
    if let Some(duration) = event.duration {
        object.key(key!("dur_ms"));
        let at = object.position();
        object.value(duration);
        offsets.duration = (at, object.position() - at);
    }
    optional(&mut object, key!("error"), event.error);
    let exception = event.exception.unwrap_or_default();
    let is_exception = is_exception(event);
    if !is_exception {
        let Exception { message, cause, stack, .. } = exception;
        let texts =
            [(key!("error_message"), message), (key!("error_cause"), cause), (key!("error_stack"), stack)];
        for (key, text) in texts {
            optional(&mut object, key, Some(text).filter(|text| !text.is_empty()));
        }
    }
    ids(event, &mut object, &mut offsets);
    object.number(key!("p"), event.p);
    attributes(event, is_exception, &mut object);
    object.close();
    offsets
}

/// Writes the name and the version, if they are set.
pub(super) fn of_service(service: &Service, object: &mut Object<'_>, [name, version]: [Key; 2]) {
    optional(object, name, service.name.as_deref());
    optional(object, version, service.version.as_deref());
}

const OF_EVENT: [Key; 2] = [key!("service"), key!("version")];

fn named(object: &mut Object<'_>, key: Key, name: &str, offsets: &mut PatchOffsets) {
    let at = object.position() + key.0.len() + 1;
    object.text(key, name);
    offsets.name = (at, object.position() - 1 - at);
}

fn optional(object: &mut Object<'_>, key: Key, value: Option<&str>) {
    if let Some(value) = value {
        object.text(key, value);
    }
}

fn ids(event: &EventView<'_>, object: &mut Object<'_>, offsets: &mut PatchOffsets) {
    offsets.ids[0] = object.hex(key!("trace_id"), &event.ids.trace_id);
    offsets.ids[1] = object.hex(key!("span_id"), &event.ids.span_id);
    if event.ids.parent_id != [0; 8] {
        offsets.ids[2] = object.hex(key!("parent_id"), &event.ids.parent_id);
    }
}

/// Writes the attributes. Those of an exception come first, and win over those that the user gave.
fn attributes(event: &EventView<'_>, is_exception: bool, object: &mut Object<'_>) {
    let mut attributes = event.attributes().peekable();
    if !is_exception && attributes.peek().is_none() {
        return;
    }
    let mut inner = object.object(key!("attributes"));
    if is_exception {
        inner.member("exception.type", Value::Text(event.error.unwrap_or_default()));
        for (key, text) in event.exception.unwrap_or_default().texts() {
            inner.member(key, Value::Text(text));
        }
    }
    for (key, value) in attributes {
        if !(is_exception && key.starts_with("exception.")) {
            inner.member(key, value);
        }
    }
    inner.close();
}

/// Whether the event is an exception by itself. Else its error is that of what it measures.
fn is_exception(event: &EventView<'_>) -> bool {
    event.kind == EventKind::Evt && event.name == Exception::NAME && event.error.is_some()
}

fn meta(batch: &Batch<'_>, out: &mut Vec<u8>) {
    let mut object = Object::open(out);
    object.text(key!("kind"), "META");
    of_service(batch.service, &mut object, OF_EVENT);
    object.text(key!("isolate"), batch.isolate);
    object.number(key!("seq"), batch.sequence as f64);
    let mut inner = object.object(key!("counters"));
    counters(batch.counters, &mut inner);
    inner.close();
    object.close();
}

/// Writes the counters of the ledger.
pub(super) fn counters(counters: &Counters, object: &mut Object<'_>) {
    object.numbers(&[
        (key!("emitted"), counters.emitted),
        (key!("accepted"), counters.accepted),
        (key!("sampledOut"), counters.sampled_out),
        (key!("excluded"), counters.excluded),
        (key!("refused"), counters.refused),
        (key!("pending"), counters.pending),
        (key!("coreResets"), counters.core_resets),
        (key!("truncated"), counters.truncated),
        (key!("uncarried"), counters.uncarried),
    ]);
    object.array(key!("sinks"), &counters.sinks, sink);
}

fn sink(object: &mut Object<'_>, sink: &SinkCounters) {
    object.text(key!("name"), &sink.name);
    object.numbers(&[
        (key!("accepted"), sink.accepted),
        (key!("delivered"), sink.delivered),
        (key!("queued"), sink.queued),
        (key!("inFlight"), sink.in_flight),
    ]);
    let mut dropped = object.object(key!("dropped"));
    for (reason, count) in Reason::ALL.iter().zip(sink.dropped) {
        dropped.member(reason.as_str(), Value::Number(count));
    }
    dropped.close();
    object.numbers(&[(key!("leasesExpired"), sink.leases_expired), (key!("lateSettles"), sink.late_settles)]);
    object.flag(key!("disabled"), sink.disabled);
}
