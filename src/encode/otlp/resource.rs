//! The resource and the scope of a request.

use super::attributes::Attributes;
use super::wire::{Field, Writer};
use crate::engine::{Batch, Value};

/// The fields that lead to the events of one signal.
pub(super) struct Fields {
    pub(super) resources: Field,
    pub(super) scopes: Field,
    pub(super) events: Field,
}

/// Writes a request with one resource and one scope. `write` writes the events.
pub(super) fn request<'a>(
    batch: &Batch<'_>,
    fields: &Fields,
    writer: &mut Writer<'a>,
    write: impl FnOnce(&mut Writer<'a>),
) {
    writer.root(|writer| {
        writer.open_list(fields.resources);
        let of_resource = writer.large_item(fields.resources);
        resource(batch, writer);
        writer.open_list(fields.scopes);
        let of_scope = writer.large_item(fields.scopes);
        scope(writer);
        writer.open_list(fields.events);
        write(writer);
        writer.close_list();
        writer.close_large(of_scope);
        writer.close_list();
        writer.close_large(of_resource);
        writer.close_list();
    });
}

/// Attributes of the host replace tidegate's own.
///
/// Spec: <https://opentelemetry.io/docs/specs/semconv/resource/>
fn resource(batch: &Batch<'_>, writer: &mut Writer<'_>) {
    let own = [
        ("service.name", Some(batch.service.name.as_deref().unwrap_or("unknown_service"))),
        ("service.version", batch.service.version.as_deref()),
        ("service.instance.id", Some(batch.isolate)),
        ("telemetry.sdk.name", Some(NAME)),
        // The language of the engine.
        ("telemetry.sdk.language", Some("rust")),
        ("telemetry.sdk.version", Some(VERSION)),
    ];
    let message = writer.open((1, "resource"));
    let mut attributes = Attributes::open(1, writer);
    for (key, text) in own {
        if let Some(text) = text
            && !batch.resource.iter().any(|(given, _)| given == key)
        {
            attributes.pair(key, Value::Text(text));
        }
    }
    for (key, text) in batch.resource {
        attributes.pair(key, Value::Text(text));
    }
    attributes.close();
    writer.close(message);
}

fn scope(writer: &mut Writer<'_>) {
    let message = writer.open((1, "scope"));
    writer.text((1, "name"), NAME);
    writer.text((2, "version"), VERSION);
    writer.close(message);
}

const NAME: &str = "tidegate";
const VERSION: &str = env!("CARGO_PKG_VERSION");
