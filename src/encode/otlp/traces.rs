//! Spans: a REQ is a server span, a DB and an outgoing call client spans, any other FN an internal span.

use super::attributes::Attributes;
use super::resource::Fields;
use super::wire::{Field, Writer};
use crate::encode::template::PatchOffsets;
use crate::encode::time::nanos;
use crate::engine::event::semantics;
use crate::engine::event::statement::{UNKNOWN, summary_parts};
use crate::engine::{EventKind, EventView, Exception, Value};

pub(super) const FIELDS: Fields =
    Fields { resources: (1, "resourceSpans"), scopes: (2, "scopeSpans"), events: SPANS };
const SPANS: Field = (2, "spans");

/// Writes one `Span`. Returns the offsets of what a template replaces.
///
/// Message: <https://github.com/open-telemetry/opentelemetry-proto/blob/v1.9.0/opentelemetry/proto/trace/v1/trace.proto>
pub(super) fn span(event: &EventView<'_>, writer: &mut Writer<'_>) -> PatchOffsets {
    let start = nanos(event.start);
    let has_parent = event.ids.parent_id != [0; 8];
    let mut offsets = PatchOffsets::default();
    let message = writer.item(SPANS);
    offsets.ids[0] = writer.id((1, "traceId"), &event.ids.trace_id);
    offsets.ids[1] = writer.id((2, "spanId"), &event.ids.span_id);
    if has_parent {
        offsets.ids[2] = writer.id((4, "parentSpanId"), &event.ids.parent_id);
    }
    let kind = match event.kind {
        EventKind::Req => {
            name_of_request(event, writer);
            SERVER
        }
        EventKind::Db => {
            let is_known = event.name != UNKNOWN;
            writer.text(NAME, if is_known { event.name } else { system_of(event.detail) });
            CLIENT
        }
        EventKind::Fn | EventKind::Evt => {
            writer.text(NAME, event.name);
            if is_outgoing(event) { CLIENT } else { INTERNAL }
        }
    };
    writer.number((6, "kind"), kind);
    let end = start.saturating_add(nanos(event.duration.unwrap_or(0.0)));
    offsets.times[0] = writer.fixed64((7, "startTimeUnixNano"), start);
    offsets.times[1] = writer.fixed64((8, "endTimeUnixNano"), end);
    attributes(event, writer);
    exception(event, end, writer);
    status(event, writer);
    let remote = if event.kind == EventKind::Req && has_parent { PARENT_IS_REMOTE } else { 0 };
    writer.fixed32((16, "flags"), SAMPLED | PARENT_IS_KNOWN | remote);
    let moved = writer.close(message);
    for at in offsets.ids.iter_mut().chain(&mut offsets.times) {
        *at += moved;
    }
    offsets
}

#[cfg(all(test, not(target_arch = "wasm32")))]
pub(in crate::encode) fn written(
    event: &EventView<'_>,
    form: super::wire::Form,
    out: &mut Vec<u8>,
) -> PatchOffsets {
    span(event, &mut Writer::new(form, out))
}

/// Whether it is a function that says what it has called.
fn is_outgoing(event: &EventView<'_>) -> bool {
    event.kind == EventKind::Fn
        && event.attributes().any(|(key, _)| matches!(key, "http.request.method" | "rpc.method"))
}

/// Writes the name `{method} {route}`, with `HTTP` for an unusual method. Without a route the method is the name: a path
/// is one of too many.
///
/// Spec: <https://opentelemetry.io/docs/specs/semconv/http/http-spans/#name>
fn name_of_request(event: &EventView<'_>, writer: &mut Writer<'_>) {
    let method = semantics::method(event.detail.unwrap_or_default(), event.methods);
    let method = if method == semantics::OTHER { "HTTP" } else { method };
    if event.is_path {
        writer.text(NAME, method);
    } else {
        writer.texts(NAME, &[method, " ", event.name]);
    }
}

fn attributes(event: &EventView<'_>, writer: &mut Writer<'_>) {
    let mut attributes = Attributes::open(9, writer);
    match event.kind {
        EventKind::Req => of_request(event, &mut attributes),
        EventKind::Db => of_statement(event, &mut attributes),
        EventKind::Fn | EventKind::Evt => {}
    }
    attributes.optional("error.type", event.error.map(semantics::error_type));
    attributes.of_event(event);
    attributes.close();
}

/// Spec: <https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span>
fn of_request(event: &EventView<'_>, attributes: &mut Attributes<'_, '_>) {
    let given = event.detail.unwrap_or_default();
    let method = semantics::method(given, event.methods);
    attributes.text("http.request.method", method);
    if method != given && !given.is_empty() {
        attributes.text("http.request.method_original", given);
    }
    if !event.is_path {
        attributes.text("http.route", event.name);
    }
    let has_own_path = event.attributes().any(|(key, _)| key == "url.path");
    if event.name.starts_with('/') && !has_own_path {
        attributes.text("url.path", event.name);
    }
    if let Some((scheme, host, port)) = event.origin.and_then(semantics::origin) {
        attributes.text("url.scheme", scheme);
        attributes.text("server.address", host);
        attributes.value("server.port", Value::Number(f64::from(port)));
    }
    status_code(event.status, event.error, attributes);
}

/// Writes the status. From 500 on it is the error type too, unless there is an error.
pub(super) fn status_code(status: Option<u16>, error: Option<&str>, attributes: &mut Attributes<'_, '_>) {
    let Some(status) = status else { return };
    attributes.value("http.response.status_code", Value::Number(f64::from(status)));
    if status >= SERVER_ERROR && error.is_none() {
        let digits = [status / 100, status / 10 % 10, status % 10].map(|digit| b'0' + digit as u8);
        attributes.text("error.type", str::from_utf8(&digits).unwrap_or(semantics::OTHER));
    }
}

/// Spec: <https://opentelemetry.io/docs/specs/semconv/database/database-spans/>
fn of_statement(event: &EventView<'_>, attributes: &mut Attributes<'_, '_>) {
    database(event.detail, event.name, attributes);
    attributes.optional("db.query.text", event.query);
    // The conventions have names for none of these but the first. The others are those of Cloudflare's own traces:
    // <https://developers.cloudflare.com/workers/observability/traces/spans-and-attributes/>
    for (key, figure) in [
        ("db.response.returned_rows", event.rows),
        ("cloudflare.d1.response.rows_read", event.rows_read),
        ("cloudflare.d1.response.rows_written", event.rows_written),
        ("cloudflare.d1.response.sql_duration_ms", event.db_ms),
    ] {
        if let Some(figure) = figure {
            attributes.value(key, Value::Number(figure));
        }
    }
}

/// Writes the attributes that spans and metrics of a statement share: its system, and the parts of its summary.
pub(super) fn database(system: Option<&str>, summary: &str, attributes: &mut Attributes<'_, '_>) {
    attributes.text("db.system.name", system_of(system));
    let (operation, collection) = summary_parts(summary);
    if !matches!(summary, "" | UNKNOWN) {
        attributes.text("db.query.summary", summary);
    }
    attributes.optional("db.operation.name", operation);
    attributes.optional("db.collection.name", collection);
}

fn system_of(given: Option<&str>) -> &str {
    given.filter(|system| !system.is_empty()).unwrap_or("other_sql")
}

/// Writes the exception by which the span failed as its event, at the end of the span.
///
/// Spec: <https://opentelemetry.io/docs/specs/otel/trace/exceptions/>
fn exception(event: &EventView<'_>, end: u64, writer: &mut Writer<'_>) {
    if event.exception.is_none() {
        return;
    }
    let events = (11, "events");
    writer.open_list(events);
    let message = writer.item(events);
    writer.fixed64((1, "timeUnixNano"), end);
    writer.text((2, "name"), Exception::NAME);
    let mut attributes = Attributes::open(3, writer);
    attributes.of_exception(event);
    attributes.close();
    writer.close(message);
    writer.close_list();
}

/// Writes a status if the span failed. A server span fails by an error, or by a status from 500 on.
///
/// Spec: <https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status>
fn status(event: &EventView<'_>, writer: &mut Writer<'_>) {
    let failed = event.kind == EventKind::Req && event.status.is_some_and(|status| status >= SERVER_ERROR);
    if event.error.is_none() && !failed {
        return;
    }
    let message = writer.open((15, "status"));
    if let Some(error) = event.error {
        let message = event.exception.map(|exception| exception.message);
        writer.text((2, "message"), message.filter(|message| !message.is_empty()).unwrap_or(error));
    }
    writer.number((3, "code"), ERROR);
    writer.close(message);
}

const NAME: Field = (5, "name");
const INTERNAL: u32 = 1;
const SERVER: u32 = 2;
const CLIENT: u32 = 3;
const ERROR: u32 = 2;
const SERVER_ERROR: u16 = 500;
pub(super) const SAMPLED: u32 = 0x1;
/// It is known whether the parent is remote. The parent of a request is.
const PARENT_IS_KNOWN: u32 = 0x100;
const PARENT_IS_REMOTE: u32 = 0x200;
