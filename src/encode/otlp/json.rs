//! The JSON of OTLP.
//!
//! Spec: <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>

use crate::encode::json::{escaped, hex, number as push_number, string};
use crate::engine::text::number::whole;

/// Writes a comma, unless the next value is the first of its object or array, or a comma is there already.
pub(super) fn comma(out: &mut Vec<u8>) {
    if !matches!(out.last(), Some(b'{' | b'[' | b',')) {
        out.push(b',');
    }
}

/// Writes the name of a field. No name needs an escape.
pub(super) fn key(name: &str, out: &mut Vec<u8>) {
    comma(out);
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

pub(super) fn text(name: &str, text: &str, out: &mut Vec<u8>) {
    key(name, out);
    string(text, out);
}

/// Writes the parts as one string.
pub(super) fn texts(name: &str, parts: &[&str], out: &mut Vec<u8>) {
    key(name, out);
    out.push(b'"');
    parts.iter().for_each(|part| escaped(part.as_bytes(), out));
    out.push(b'"');
}

pub(super) fn id(name: &str, id: &[u8], out: &mut Vec<u8>) {
    key(name, out);
    hex(id, out);
}

pub(super) fn flag(name: &str, value: bool, out: &mut Vec<u8>) {
    key(name, out);
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

/// Writes a finite number.
pub(super) fn number(name: &str, value: f64, out: &mut Vec<u8>) {
    key(name, out);
    push_number(value, out);
}

/// Writes a 64-bit integer as a string, since a JSON number would lose digits. Returns its offset.
pub(super) fn long(name: &str, magnitude: u64, negative: bool, out: &mut Vec<u8>) -> usize {
    key(name, out);
    out.push(b'"');
    let at = out.len();
    if negative {
        out.push(b'-');
    }
    whole(magnitude, out);
    out.push(b'"');
    at
}

/// Writes an array of 64-bit integers.
pub(super) fn longs(name: &str, values: impl Iterator<Item = u64>, out: &mut Vec<u8>) {
    key(name, out);
    out.push(b'[');
    for value in values {
        comma(out);
        out.push(b'"');
        whole(value, out);
        out.push(b'"');
    }
    out.push(b']');
}
