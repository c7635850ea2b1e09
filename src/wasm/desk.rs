//! The desk: where texts and bytes lie when they cross.

use super::options::Options;
use crate::engine::error::concat;
use crate::engine::{Error, Value};

/// What the host has put down for the next call, and what the last call has left for the host.
#[derive(Default)]
pub(super) struct Desk {
    given: Vec<u8>,
    pub(super) result: Vec<u8>,
    /// Those of the next collector.
    pub(super) options: Options,
}

exports! {
    /// An empty desk. One is enough for an instance.
    fn desk_new() -> Box<Desk> {
        Box::default()
    }

    /// Where the host may put down `len` bytes.
    fn desk_reserve(desk: &mut Desk, len: usize) -> *const u8 {
        if desk.given.len() < len {
            desk.given.resize(len, 0);
        }
        desk.given.as_ptr()
    }

    /// Where the last result lies.
    fn desk_result(desk: &Desk) -> *const u8 {
        desk.result.as_ptr()
    }

    /// The bytes of the last result.
    fn desk_length(desk: &Desk) -> usize {
        desk.result.len()
    }
}

impl Desk {
    /// What was given, and an empty place for the result.
    pub(super) fn open(&mut self) -> (Given<'_>, &mut Vec<u8>) {
        self.result.clear();
        (Given(&self.given), &mut self.result)
    }

    pub(super) fn options(&mut self) -> (Given<'_>, &mut Options) {
        (Given(&self.given), &mut self.options)
    }

    pub(super) fn given(&self) -> Given<'_> {
        Given(&self.given)
    }

    /// The value, or none and the error on the desk: its code, a line feed, its message.
    pub(super) fn check<T>(&mut self, tried: Result<T, Error>) -> Option<T> {
        tried.map_err(|error| self.refuse(&error)).ok()
    }

    #[inline(never)]
    fn refuse(&mut self, error: &Error) {
        self.result = concat(&[error.code(), "\n", error.message()]).into_bytes();
    }
}

/// Reads values in the order in which the host has put them down: each a word that is its length or says what it
/// is, and its bytes.
pub(super) struct Given<'a>(&'a [u8]);

impl<'a> Given<'a> {
    fn word(&mut self) -> Option<u32> {
        let (word, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*word))
    }

    fn take(&mut self, len: u32) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(len as usize)?;
        self.0 = rest;
        Some(bytes)
    }

    /// `None`: it is absent.
    pub(super) fn value(&mut self) -> Option<Value<'a>> {
        match self.word()? {
            ABSENT => None,
            NUMBER => Some(Value::Number(f64::from_le_bytes(*self.take(8)?.first_chunk()?))),
            word @ (FALSE | TRUE) => Some(Value::Flag(word == TRUE)),
            len => Some(Value::Text(str::from_utf8(self.take(len)?).unwrap_or_default())),
        }
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        match self.value()? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A text that is never absent.
    pub(super) fn string(&mut self) -> &'a str {
        self.text().unwrap_or_default()
    }

    pub(super) fn number(&mut self) -> Option<f64> {
        match self.value()? {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    pub(super) fn flag(&mut self) -> bool {
        matches!(self.value(), Some(Value::Flag(true)))
    }

    pub(super) fn bytes(&mut self) -> &'a [u8] {
        self.word().and_then(|len| self.take(len)).unwrap_or_default()
    }
}

/// No text has these lengths.
const ABSENT: u32 = u32::MAX;
const NUMBER: u32 = u32::MAX - 1;
const TRUE: u32 = u32::MAX - 2;
const FALSE: u32 = u32::MAX - 3;
