//! OTLP's JSON. <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>

use crate::encode::json::{escaped, hex, number as decimal, string};
use crate::engine::decimal::whole;

/// A comma, unless what comes is the first of its object or array, or has one.
pub(super) fn comma(out: &mut Vec<u8>) {
    if !matches!(out.last(), Some(b'{' | b'[' | b',')) {
        out.push(b',');
    }
}

/// A field's name. Names are ours: nothing in them needs an escape.
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

/// A string of parts.
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

/// A finite number.
pub(super) fn number(name: &str, value: f64, out: &mut Vec<u8>) {
    key(name, out);
    decimal(value, out);
}

/// A 64-bit integer: a string, since a JSON number would lose digits. Where it begins.
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

/// An array of 64-bit integers.
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
