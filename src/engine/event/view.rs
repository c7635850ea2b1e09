//! A queued event as an encoder reads it.

use super::attributes::{self, Value};
use super::exception::Exception;
use super::kind::EventKind;
use super::names::{NameId, Names};
use super::payload::{ATTRIBUTES, CAUSE, DETAIL, ERROR, HEADER, MESSAGE, NAME, QUERY, ROWS, STACK};
use super::record::{IS_PATH, Record};
use super::semantics;
use super::severity::Severity;
use super::trace::SpanIds;

/// A queued event, decoded.
#[derive(Clone, Debug)]
pub struct EventView<'a> {
    /// The kind.
    pub kind: EventKind,
    /// The ids of its trace, its span and its parent.
    pub ids: SpanIds,
    /// The start in ms since the epoch.
    pub start: f64,
    /// The duration in ms; `None` is unknown.
    pub duration: Option<f64>,
    /// The probability, in (0, 1], that an event with this outcome is recorded.
    pub p: f64,
    /// The route (REQ), function name (FN), statement summary (DB) or event name (EVT).
    pub name: &'a str,
    /// The type of the error, if the event failed.
    pub error: Option<&'a str>,
    /// What is known of the error beside its type, if it is an exception.
    pub exception: Option<Exception<'a>>,
    /// EVT: the severity.
    pub severity: Severity,
    /// REQ: whether the name is the template of a raw path: nobody knows the route.
    pub is_path: bool,
    /// REQ: the HTTP method. DB: the database system.
    pub detail: Option<&'a str>,
    /// REQ: the HTTP methods that are known, separated by commas.
    pub methods: &'a str,
    /// REQ: the scheme and the authority that it was sent to.
    pub origin: Option<&'a str>,
    /// REQ: the response status; `None` is unknown.
    pub status: Option<u16>,
    /// DB: the statement without its literals.
    pub query: Option<&'a str>,
    /// DB: the number of rows returned or changed.
    pub rows: Option<f64>,
    /// DB: the number of rows that the database read.
    pub rows_read: Option<f64>,
    /// DB: the number of rows that the database wrote.
    pub rows_written: Option<f64>,
    /// DB: how long the database itself took, in ms.
    pub db_ms: Option<f64>,
    attributes: &'a [u8],
}

impl<'a> EventView<'a> {
    /// The attributes in the order in which they were added.
    pub fn attributes(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> {
        attributes::iter(self.attributes)
    }

    /// Decodes `record` and its `payload`.
    pub(crate) fn read(record: &Record, payload: &'a [u8], names: &'a Names, methods: &'a str) -> Self {
        let mut view = Self {
            kind: record.kind,
            ids: record.ids,
            start: record.start,
            duration: Some(record.duration).filter(|ms| !ms.is_nan()),
            p: record.p,
            name: names.text(record.name),
            error: interned(record.error, names),
            exception: None,
            severity: Severity::from_number(record.status),
            is_path: record.status & IS_PATH != 0,
            detail: interned(record.detail, names),
            methods,
            origin: None,
            status: Some(record.status & !IS_PATH)
                .filter(|&status| status != 0 && record.kind != EventKind::Evt),
            query: None,
            rows: None,
            rows_read: None,
            rows_written: None,
            db_ms: None,
            attributes: &[],
        };
        view.read_parts(payload);
        if let (EventKind::Req, Some(line)) = (record.kind, view.detail) {
            let (method, origin) = semantics::request_line(line);
            (view.detail, view.origin) = (Some(method), origin);
        }
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
                ATTRIBUTES => self.attributes = part,
                ROWS..MESSAGE => {
                    self.read_figure(tag - ROWS, part.try_into().ok().map(f64::from_le_bytes));
                }
                MESSAGE => self.exception().message = text,
                CAUSE => self.exception().cause = text,
                STACK => self.exception().stack = text,
                _ => {}
            }
        }
    }

    fn exception(&mut self) -> &mut Exception<'a> {
        self.exception.get_or_insert_default()
    }
}

impl EventView<'_> {
    fn read_figure(&mut self, number: u8, figure: Option<f64>) {
        match number {
            0 => self.rows = figure,
            1 => self.rows_read = figure,
            2 => self.rows_written = figure,
            _ => self.db_ms = figure,
        }
    }
}

fn interned(id: NameId, names: &Names) -> Option<&str> {
    (id != NameId::NONE).then(|| names.text(id))
}
