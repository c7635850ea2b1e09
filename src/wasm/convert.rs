//! Conversions between values of JavaScript and of the engine.

use super::options::code;
use crate::engine::stats::{Step, Timeline};
use crate::engine::text::split::split_once;
use crate::engine::{Error, Outcome, Signal, Token};
use js_sys::Reflect;
use serde::Serialize;
use wasm_bindgen::JsValue;

/// An error of the engine, with its code.
pub(super) fn error(error: &Error) -> js_sys::Error {
    coded(code(error.kind()), error.message())
}

/// An `Error` of JavaScript with a property `code`.
pub(super) fn coded(code: &str, message: &str) -> js_sys::Error {
    let object = js_sys::Error::new(message);
    // Setting a property of a new object cannot fail.
    let _ = Reflect::set(&object, &"code".into(), &code.into());
    object
}

/// What methods return that return a value of JavaScript.
///
/// V8 compiles a call that returns one reference into its caller, and in Node 20 crashes the process when it gives up
/// that code during the call. It does not do so with the several results that a `Result` makes.
pub(super) type View = Result<JsValue, js_sys::Error>;

/// A view as an object of JavaScript: maps as plain objects, `None` as `null`.
pub(super) fn object(view: &impl Serialize) -> View {
    let serializer =
        serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true).serialize_missing_as_null(true);
    Ok(view.serialize(&serializer).unwrap_or_default())
}

/// A series from its kind, a blank and its name.
pub(super) fn series(text: &str) -> (&str, &str) {
    split_once(text, b' ').unwrap_or_default()
}

/// A timeline as numbers: start and length of a step, then count, errors, p50, p95 and p99 of each, where NaN is `None`.
pub(super) fn timeline(mut timeline: Timeline) -> Vec<f64> {
    timeline.round();
    let mut numbers = vec![timeline.start_ms, timeline.step_ms];
    for Step { count, errors, p50_ms, p95_ms, p99_ms } in timeline.steps {
        numbers.extend_from_slice(&[f64::from(count), f64::from(errors)]);
        numbers.extend_from_slice(&[p50_ms, p95_ms, p99_ms].map(|ms| ms.unwrap_or(f64::NAN)));
    }
    numbers
}

/// The request that something belongs to.
pub(super) enum Request {
    None,
    Open(Token),
    /// It is over. Its answer is in the first row of the request buffer, where it may be changed.
    Over,
}

/// The request that a number names.
///
/// | number | request |
/// |---|---|
/// | NaN | none |
/// | -1 | one that is over, whose answer is in the first row of the request buffer, where it may be changed |
/// | any other | the open request with this token |
pub(super) fn request(number: f64) -> Request {
    match nan_to_none(number) {
        None => Request::None,
        Some(-1.0) => Request::Over,
        Some(token) => Request::Open(Token::from_number(token)),
    }
}

/// `None` for NaN.
pub(super) fn nan_to_none(value: f64) -> Option<f64> {
    (!value.is_nan()).then_some(value)
}

/// A response status from 100 to 999. `None` for any other number.
pub(super) fn status(value: f64) -> Option<u16> {
    (100.0..=999.0).contains(&value).then_some(value as u16)
}

/// The outcome of sending a batch.
///
/// | code | outcome | value |
/// |---|---|---|
/// | 0 | ok | the number of rejected events |
/// | 1 | retry | the wait in ms, or NaN |
/// | 3 | too large | |
/// | any other | fatal | |
pub(super) fn outcome(code: u32, value: f64) -> Outcome {
    match code {
        0 => Outcome::Ok { rejected: value as u32 },
        1 => Outcome::Retry { after_ms: nan_to_none(value) },
        3 => Outcome::TooLarge,
        _ => Outcome::Fatal,
    }
}

/// The flags that recording returns.
///
/// | bits | meaning |
/// |---|---|
/// | 0 | all route ids are invalid |
/// | 1 | a batch is due now |
/// | 2 | something waits for a tick |
/// | 3 … 15 | how many requests can be buffered before the next call: 1 … `most` |
/// | 16 … 31 | only `recordRequest`: the id of the method plus 1, or 0 |
pub(super) fn flags(signal: Signal, most: usize) -> u32 {
    let Signal { due, events_until_full, waiting, ids_reset } = signal;
    let limit = events_until_full.unwrap_or(most).clamp(1, most) as u32;
    u32::from(ids_reset) | u32::from(due) << 1 | u32::from(waiting) << 2 | limit << 3
}
