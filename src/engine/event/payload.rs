//! What of an event does not fit a fixed record: encoded into bytes beside it, and read back.

use super::attributes::{self, Value, cut};
use super::names::{NameId, Names};
use super::{Event, EventKind, Link, Record, statement};
use crate::engine::hashed::Hashed;

/// A queued event, decoded: what an encoder writes.
#[derive(Clone, Debug)]
pub struct EventView<'a> {
    /// What it is.
    pub kind: EventKind,
    /// Its place in a trace.
    pub link: Link,
    /// When it started, in wall-clock ms since the epoch.
    pub start: f64,
    /// How long it took in ms, if known.
    pub duration: Option<f64>,
    /// The probability that an event with this outcome is recorded.
    pub p: f64,
    /// The route, function name, statement summary or event name.
    pub name: &'a str,
    /// The error, if it failed.
    pub error: Option<&'a str>,
    /// REQ: the HTTP method. DB: the database system.
    pub detail: Option<&'a str>,
    /// REQ: the response status.
    pub status: Option<u16>,
    /// DB: the statement, its literals replaced.
    pub query: Option<&'a str>,
    /// DB: rows returned or changed.
    pub rows: Option<f64>,
    attributes: &'a [u8],
}

impl<'a> EventView<'a> {
    /// The attributes in the order they were given.
    pub fn attributes(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> {
        attributes::iter(self.attributes)
    }

    /// Reads `record` and its `payload`.
    pub(crate) fn read(record: &Record, payload: &'a [u8], names: &'a Names) -> Self {
        let mut view = Self {
            kind: record.kind,
            link: record.link,
            start: record.start,
            duration: Some(record.duration).filter(|ms| !ms.is_nan()),
            p: record.p,
            name: names.text(record.name),
            error: interned(record.error, names),
            detail: interned(record.detail, names),
            status: Some(record.status).filter(|&status| status != 0),
            query: None,
            rows: None,
            attributes: &[],
        };
        view.read_parts(payload);
        view
    }

    fn read_parts(&mut self, mut payload: &'a [u8]) {
        while let Some((&[tag, low, high], rest)) = payload.split_first_chunk::<HEADER>() {
            let Some((part, rest)) = rest.split_at_checked(usize::from(u16::from_le_bytes([low, high])))
            else {
                return;
            };
            payload = rest;
            let text = str::from_utf8(part).unwrap_or_default();
            match tag {
                NAME => self.name = text,
                ERROR => self.error = Some(text),
                DETAIL => self.detail = Some(text),
                QUERY => self.query = Some(text),
                ROWS => self.rows = part.try_into().ok().map(f64::from_le_bytes),
                _ => self.attributes = part,
            }
        }
    }
}

/// Makes records of events: interns their names and encodes their payload into one reused buffer.
#[derive(Debug, Default)]
pub(crate) struct RecordWriter {
    payload: Vec<u8>,
    query: String,
}

impl RecordWriter {
    /// The record of `event`, going by `name`; its payload is [`payload`](Self::payload) until the next call.
    pub(crate) fn write(
        &mut self,
        event: &Event<'_>,
        name: Hashed<'_>,
        link: Link,
        p: f64,
        names: &mut Names,
    ) -> Record {
        self.payload.clear();
        let name = self.intern(NAME, name, names);
        let name_len = self.payload.len();
        if event.kind == EventKind::Db {
            self.write_statement(event.name);
        }
        let error = self.intern_if_any(ERROR, event.error, names);
        let detail = match event.kind {
            EventKind::Req => Some(event.method),
            EventKind::Db => event.system,
            EventKind::Fn | EventKind::Evt => None,
        };
        let detail = self.intern_if_any(DETAIL, detail, names);
        if let Some(rows) = event.rows.filter(|rows| rows.is_finite()) {
            self.part(ROWS, &rows.to_le_bytes());
        }
        if !event.attributes.bytes().is_empty() {
            self.part(ATTRIBUTES, event.attributes.bytes());
        }
        let is_whole_but_name = self.payload.len() == name_len;
        Record { name, error, detail, is_whole_but_name, ..self.record(event, link, p) }
    }

    /// The record of a request that has no more to it than its name, interned as `id` or not yet, and its `method`, which
    /// is.
    #[inline(always)]
    pub(crate) fn write_plain(
        &mut self,
        event: &Event<'_>,
        (name, id, method): (Hashed<'_>, NameId, NameId),
        link: Link,
        p: f64,
        names: &mut Names,
    ) -> Record {
        self.payload.clear();
        let name = if id == NameId::NONE { self.intern(NAME, name, names) } else { id };
        names.retain(id);
        names.retain(method);
        Record { name, detail: method, ..self.record(event, link, p) }
    }

    #[inline(always)]
    fn record(&self, event: &Event<'_>, link: Link, p: f64) -> Record {
        Record {
            link,
            start: event.start,
            duration: event.duration.unwrap_or(f64::NAN),
            p,
            queued_at: super::Millis(0.0),
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

    fn write_statement(&mut self, sql: &str) {
        self.query.clear();
        statement::normalize(sql, &mut self.query);
        let query = std::mem::take(&mut self.query);
        self.part(QUERY, query.as_bytes());
        self.query = query;
    }

    /// The id of `text`, or the text itself into the payload when it is too rare to have one.
    fn intern(&mut self, tag: u8, text: Hashed<'_>, names: &mut Names) -> NameId {
        let id = names.intern(text);
        if id == NameId::NONE {
            self.part(tag, cut(text.text, MAX_NAME).as_bytes());
        }
        id
    }

    fn intern_if_any(&mut self, tag: u8, text: Option<&str>, names: &mut Names) -> NameId {
        match text {
            Some(text) => self.intern(tag, Hashed::new(text), names),
            None => NameId::NONE,
        }
    }

    fn part(&mut self, tag: u8, bytes: &[u8]) {
        let [low, high] = (bytes.len() as u16).to_le_bytes();
        self.payload.extend_from_slice(&[tag, low, high]);
        self.payload.extend_from_slice(bytes);
    }
}

/// The name in the payload of a record that is whole but for it.
pub(crate) fn only_name(payload: &[u8]) -> &[u8] {
    payload.get(HEADER..).unwrap_or_default()
}

fn interned(id: NameId, names: &Names) -> Option<&str> {
    (id != NameId::NONE).then(|| names.text(id))
}

const NAME: u8 = 0;
const ERROR: u8 = 1;
const DETAIL: u8 = 2;
const QUERY: u8 = 3;
const ROWS: u8 = 4;
const ATTRIBUTES: u8 = 5;
/// Tag and length of a part.
const HEADER: usize = 3;
/// The longest name, error, method or system kept, in bytes.
const MAX_NAME: usize = 1024;
/// The largest payload: three names, a statement of 1000 characters, rows and attributes.
pub(crate) const MAX_PAYLOAD: usize =
    3 * MAX_NAME + 4000 + 8 + attributes::Attributes::MAX_BYTES + 6 * HEADER;
