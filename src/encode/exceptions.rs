//! The last exceptions as JSON.

use super::json::{self, Object, key};
use crate::engine::RecentException;

/// Appends `exceptions` as a JSON array of objects. What is unknown is left out.
pub fn encode<'a>(exceptions: impl Iterator<Item = &'a RecentException>, out: &mut Vec<u8>) {
    json::array(exceptions, out, one);
}

#[inline(never)]
fn one(object: &mut Object<'_>, exception: &RecentException) {
    object.number(key!("ts"), exception.at);
    object.text(key!("type"), &exception.error);
    for (key, text) in [
        (key!("message"), &exception.message),
        (key!("stack"), &exception.stack),
        (key!("route"), &exception.route),
        (key!("method"), &exception.method),
    ] {
        if !text.is_empty() {
            object.text(key, text);
        }
    }
    if exception.trace_id != [0; 16] {
        object.hex(key!("trace_id"), &exception.trace_id);
    }
    object.flag(key!("handled"), exception.handled);
}
