//! The name under which an event is recorded.

use crate::engine::event::statement::Dialect;
use crate::engine::event::{Event, EventKind, path, statement};

/// The name of an event: the summary of a statement, the template of a raw path, else its own. It may lie in `scratch`.
pub(super) fn name_of<'a>(event: &Event<'a>, scratch: &'a mut String) -> &'a str {
    scratch.clear();
    match event.kind {
        EventKind::Db => {
            statement::summary(event.name, Dialect::of(event.system), scratch);
            if scratch.is_empty() { statement::UNKNOWN } else { scratch }
        }
        EventKind::Req if event.is_path => {
            path::template(event.name, scratch);
            scratch
        }
        EventKind::Req => path::public_part(event.name),
        EventKind::Fn | EventKind::Evt => event.name,
    }
}

/// The text that sampling rules match: the raw path if the event has one, else its name.
pub(super) fn sampled_path<'a>(event: &Event<'a>, name: &'a str) -> &'a str {
    if event.is_path { path::public_part(event.name) } else { name }
}
