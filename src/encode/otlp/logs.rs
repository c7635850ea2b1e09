//! Log records: an EVT is an event in the sense of OpenTelemetry.

use super::attributes::Attributes;
use super::resource::Fields;
use super::traces::SAMPLED;
use super::wire::{Field, Writer};
use crate::encode::time::nanos;
use crate::engine::event::semantics;
use crate::engine::{EventView, Exception};

pub(super) const FIELDS: Fields =
    Fields { resources: (1, "resourceLogs"), scopes: (2, "scopeLogs"), events: RECORDS };
const RECORDS: Field = (2, "logRecords");

/// Writes one `LogRecord`. The name is also the body, for receivers that do not know `eventName`.
///
/// Message: <https://github.com/open-telemetry/opentelemetry-proto/blob/v1.9.0/opentelemetry/proto/logs/v1/logs.proto>
pub(super) fn record(event: &EventView<'_>, writer: &mut Writer<'_>) {
    let at = nanos(event.start);
    let message = writer.item(RECORDS);
    writer.fixed64((1, "timeUnixNano"), at);
    writer.number((2, "severityNumber"), event.severity as u32);
    writer.text((3, "severityText"), event.severity.names().1);
    let body = writer.open((5, "body"));
    writer.text((1, "stringValue"), event.name);
    writer.close(body);
    let mut attributes = Attributes::open(6, writer);
    if event.name == Exception::NAME {
        attributes.of_exception(event);
    } else {
        attributes.optional("error.type", event.error.map(semantics::error_type));
        let message = event.exception.map(|exception| exception.message);
        attributes.optional("error.message", message.filter(|message| !message.is_empty()));
    }
    attributes.of_event(event);
    attributes.close();
    writer.fixed32((8, "flags"), SAMPLED);
    writer.id((9, "traceId"), &event.ids.trace_id);
    // The span in which the event happened. The event's own span id does not name a span.
    if event.ids.parent_id != [0; 8] {
        writer.id((10, "spanId"), &event.ids.parent_id);
    }
    writer.fixed64((11, "observedTimeUnixNano"), at);
    writer.text((12, "eventName"), event.name);
    writer.close(message);
}
