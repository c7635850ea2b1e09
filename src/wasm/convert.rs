//! Conversions between values of JavaScript and of the engine.

use crate::engine::{Error, Outcome, Signal};
use js_sys::Reflect;
use serde::Serialize;
use wasm_bindgen::JsValue;

/// An `Error` of JavaScript with the engine's `code`.
pub(super) fn error(error: &Error) -> js_sys::Error {
    let object = js_sys::Error::new(error.message());
    // An ordinary object takes a property: this cannot fail.
    let _ = Reflect::set(&object, &"code".into(), &error.code().into());
    object
}

/// A view as an object of JavaScript: maps as plain objects, absent figures as `null`.
pub(super) fn object(view: &impl Serialize) -> JsValue {
    let serializer =
        serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true).serialize_missing_as_null(true);
    view.serialize(&serializer).unwrap_or_default()
}

/// NaN is unknown.
pub(super) fn nan_to_none(value: f64) -> Option<f64> {
    (!value.is_nan()).then_some(value)
}

/// A response status, 100 to 999; anything else is unknown.
pub(super) fn status(value: f64) -> Option<u16> {
    (100.0..=999.0).contains(&value).then_some(value as u16)
}

/// What became of a send.
///
/// | code | outcome | value |
/// |---|---|---|
/// | 0 | ok | how many events were rejected |
/// | 1 | retry | ms to wait, or NaN |
/// | 2 and others | fatal | |
/// | 3 | too large | |
pub(super) fn outcome(code: u32, value: f64) -> Outcome {
    match code {
        0 => Outcome::Ok { rejected: value as u32 },
        1 => Outcome::Retry { after_ms: nan_to_none(value) },
        3 => Outcome::TooLarge,
        _ => Outcome::Fatal,
    }
}

/// The engine's answer to an event, as bits.
///
/// | bits | meaning |
/// |---|---|
/// | 0 | all route ids are void |
/// | 1 | a batch is due now |
/// | 2 | something waits for a tick |
/// | 3 … 15 | how many requests may be buffered before the next call, 1 … [`most`](crate::wasm::requests::REQUESTS) |
/// | 16 … 31 | of `recordRequest` alone: the id of its method plus 1, or 0 |
pub(super) fn flags(Signal { due, room, waiting, renewed }: Signal, most: usize) -> u32 {
    let limit = room.unwrap_or(most).clamp(1, most) as u32;
    u32::from(renewed) | u32::from(due) << 1 | u32::from(waiting) << 2 | limit << 3
}
