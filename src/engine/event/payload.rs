//! The payload of a record: the values that have no field in it.
//!
//! A payload is a list of parts, written in the order of their tags:
//!
//! | bytes | meaning |
//! |---|---|
//! | 0 | tag: 0 name, 1 error, 2 detail, 3 query, 4 attributes, 5 rows, 6 rows read, 7 rows written, 8 the database's ms, 9 message, 10 cause, 11 stack |
//! | 1, 2 | length of the value, little-endian |
//! | 3 … | the value: UTF-8; a figure as f64; attributes as [`attributes`](super::attributes) encodes them |
//!
//! Name, error and detail are parts only if the table of names has no place for them. An exception always has a message,
//! which may be empty.

use super::attributes::Attributes;
use super::exception::{Exception, within_limit};
use super::input::Event;
use super::kind::EventKind;
use super::names::{NameId, Names};
use super::record::{IS_PATH, Record};
use super::statement::{self, Dialect};
use super::trace::SpanIds;
use crate::engine::text::hashed::Hashed;
use crate::engine::text::split::prefix;
use crate::engine::time::Millis;

/// Turns events into records. It interns names and encodes each payload into one reused buffer.
#[derive(Debug, Default)]
pub(crate) struct RecordWriter {
    payload: Vec<u8>,
    /// A text without its values.
    hidden: String,
}

impl RecordWriter {
    /// Writes the record of `event`, recorded as `name`. Its payload is [`payload`](Self::payload) until the next call.
    pub(crate) fn write(
        &mut self,
        event: &Event<'_>,
        name: Hashed<'_>,
        ids: SpanIds,
        p: f64,
        names: &mut Names,
    ) -> Record {
        self.payload.clear();
        let name = self.intern(NAME, name, names);
        let name_len = self.payload.len();
        if event.kind == EventKind::Db {
            self.hidden.clear();
            statement::normalize(event.name, Dialect::of(event.system), &mut self.hidden);
            push_part(QUERY, self.hidden.as_bytes(), &mut self.payload);
        }
        let error = self.intern_if_any(ERROR, event.error, names);
        let detail = match event.kind {
            EventKind::Req => Some(event.method),
            EventKind::Db => event.system,
            EventKind::Fn | EventKind::Evt => None,
        };
        let detail = self.intern_if_any(DETAIL, detail, names);
        if !event.attributes.bytes().is_empty() {
            push_part(ATTRIBUTES, event.attributes.bytes(), &mut self.payload);
        }
        if event.kind == EventKind::Db {
            for (tag, figure) in (ROWS..).zip(event.figures()) {
                if let Some(figure) = figure {
                    push_part(tag, &figure.to_le_bytes(), &mut self.payload);
                }
            }
        }
        if let Some(exception) = &event.exception
            && event.error.is_some()
        {
            self.push_exception(exception, event.kind == EventKind::Db);
        }
        let is_whole_but_name = self.payload.len() == name_len;
        let record = Record { name, error, detail, is_whole_but_name, ..self.record(event, ids, p) };
        if event.kind == EventKind::Evt { Record { status: event.severity as u16, ..record } } else { record }
    }

    fn push_exception(&mut self, exception: &Exception<'_>, hides_values: bool) {
        let Exception { message, cause, stack, .. } = exception;
        for (tag, text) in [(MESSAGE, message), (CAUSE, cause)] {
            if tag == CAUSE && text.is_empty() {
                continue;
            }
            let mut text = within_limit(text);
            if hides_values {
                self.hidden.clear();
                statement::hide_values(text, &mut self.hidden);
                text = within_limit(&self.hidden);
            }
            push_part(tag, text.as_bytes(), &mut self.payload);
        }
        // It comes last: an event with the longest texts of all has less room for it.
        let left = MAX_PAYLOAD.saturating_sub(self.payload.len() + HEADER);
        let stack = prefix(stack, left.min(Exception::MAX_STACK));
        if !stack.is_empty() {
            push_part(STACK, stack.as_bytes(), &mut self.payload);
        }
    }

    /// Writes the record of a request without error and attributes.
    ///
    /// `id` is the id of `name` if it is registered, else [`NameId::NONE`]. `method` is the id of the method.
    #[inline(always)]
    pub(crate) fn write_request(
        &mut self,
        event: &Event<'_>,
        (name, id, method): (Hashed<'_>, NameId, NameId),
        ids: SpanIds,
        p: f64,
        names: &mut Names,
    ) -> Record {
        self.payload.clear();
        let name = if id == NameId::NONE { self.intern(NAME, name, names) } else { id };
        names.retain(id);
        names.retain(method);
        Record { name, detail: method, ..self.record(event, ids, p) }
    }

    #[inline(always)]
    fn record(&self, event: &Event<'_>, ids: SpanIds, p: f64) -> Record {
        Record {
            ids,
            start: event.start,
            duration: event.duration.unwrap_or(f64::NAN),
            p,
            queued_at: Millis(0.0),
            payload_at: 0,
            payload_len: self.payload.len() as u16,
            name: NameId::NONE,
            error: NameId::NONE,
            detail: NameId::NONE,
            status: (event.status.unwrap_or(0) & !IS_PATH) | (u16::from(event.is_path) * IS_PATH),
            kind: event.kind,
            is_whole_but_name: true,
        }
    }

    /// The payload of the record written last.
    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The id of `text`. If the table of names has no place for it, the text becomes a part.
    fn intern(&mut self, tag: u8, text: Hashed<'_>, names: &mut Names) -> NameId {
        let id = names.intern(text);
        if id == NameId::NONE {
            push_part(tag, prefix(text.text, MAX_NAME).as_bytes(), &mut self.payload);
        }
        id
    }

    fn intern_if_any(&mut self, tag: u8, text: Option<&str>, names: &mut Names) -> NameId {
        match text {
            Some(text) => self.intern(tag, Hashed::new(text), names),
            None => NameId::NONE,
        }
    }
}

/// The name in a payload that holds nothing else.
pub(crate) fn only_name(payload: &[u8]) -> &[u8] {
    payload.get(HEADER..).unwrap_or_default()
}

fn push_part(tag: u8, bytes: &[u8], payload: &mut Vec<u8>) {
    let [low, high] = (bytes.len() as u16).to_le_bytes();
    payload.extend_from_slice(&[tag, low, high]);
    payload.extend_from_slice(bytes);
}

pub(super) const NAME: u8 = 0;
pub(super) const ERROR: u8 = 1;
pub(super) const DETAIL: u8 = 2;
pub(super) const QUERY: u8 = 3;
pub(super) const ATTRIBUTES: u8 = 4;
/// The first of the four figures.
pub(super) const ROWS: u8 = 5;
pub(super) const MESSAGE: u8 = 9;
pub(super) const CAUSE: u8 = 10;
pub(super) const STACK: u8 = 11;
/// The bytes of a part before its value.
pub(super) const HEADER: usize = 3;
/// The most bytes of a name, an error, a method or a system. Longer texts are cut.
const MAX_NAME: usize = 1024;
/// The most bytes of a payload: the smallest queue has room for one. It holds three names, a statement of 1000 characters,
/// four figures, attributes, a message, causes, and what is left of the stack.
pub(crate) const MAX_PAYLOAD: usize = 16_384;
const ALL_BUT_STACK: usize =
    3 * MAX_NAME + 4000 + 4 * 8 + Attributes::MAX_BYTES + 2 * Exception::MAX_TEXT + 11 * HEADER;
const _: () = assert!(ALL_BUT_STACK < MAX_PAYLOAD, "only a stack is cut to fit");
