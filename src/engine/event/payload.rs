//! The payload of a record: the values that have no field in it.
//!
//! A payload is a list of parts, written in the order of their tags:
//!
//! | bytes | meaning |
//! |---|---|
//! | 0 | tag: 0 name, 1 error, 2 detail, 3 query, 4 attributes, 5 rows, 6 rows read, 7 rows written, 8 the database's ms |
//! | 1, 2 | length of the value, little-endian |
//! | 3 … | the value: UTF-8; a figure as f64; attributes as [`attributes`](super::attributes) encodes them |
//!
//! Name, error and detail are parts only if the table of names has no place for them.

use super::attributes::Attributes;
use super::input::Event;
use super::kind::EventKind;
use super::names::{NameId, Names};
use super::record::Record;
use super::statement::{self, Dialect};
use super::trace::SpanIds;
use crate::engine::text::hashed::Hashed;
use crate::engine::text::split::prefix;
use crate::engine::time::Millis;

/// Turns events into records. It interns names and encodes each payload into one reused buffer.
#[derive(Debug, Default)]
pub(crate) struct RecordWriter {
    payload: Vec<u8>,
    query: String,
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
            self.query.clear();
            statement::normalize(event.name, Dialect::of(event.system), &mut self.query);
            push_part(QUERY, self.query.as_bytes(), &mut self.payload);
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
        let is_whole_but_name = self.payload.len() == name_len;
        Record { name, error, detail, is_whole_but_name, ..self.record(event, ids, p) }
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
            status: event.status.unwrap_or(0),
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
const ATTRIBUTES: u8 = 4;
/// The first of the figures.
pub(super) const ROWS: u8 = 5;
/// The bytes of a part before its value.
pub(super) const HEADER: usize = 3;
/// The most bytes of a name, an error, a method or a system. Longer texts are cut.
const MAX_NAME: usize = 1024;
/// The most bytes of a payload: three names, a statement of 1000 characters, four figures and attributes.
pub(crate) const MAX_PAYLOAD: usize = 3 * MAX_NAME + 4000 + 4 * 8 + Attributes::MAX_BYTES + 9 * HEADER;
