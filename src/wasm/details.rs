//! The optional values of an event, which JavaScript sets before it records the event.

use super::convert::{nan_to_none, status};
use crate::engine::event::trace::TraceContext;
use crate::engine::text::split::split_once;
use crate::engine::{Attributes, EndedRequest, Event, EventKind, Exception, Severity};

/// The optional values of the next event. They are cleared when the event is recorded.
#[derive(Default)]
pub(super) struct Details {
    pub(super) texts: Texts,
    pub(super) severity: Severity,
    pub(super) is_path: bool,
    pub(super) parent: Option<TraceContext>,
    pub(super) span: Option<TraceContext>,
    pub(super) attributes: Attributes,
    /// DB: rows read, rows written, and the database's own duration in ms.
    pub(super) usage: [Option<f64>; 3],
}

impl Details {
    /// The event with these details. `number` is the status (REQ), the rows (DB), or 1 for an exception that is handled (EVT).
    pub(super) fn event<'a>(
        &'a self,
        kind: EventKind,
        name: &'a str,
        number: f64,
        [start_ms, duration_ms]: [f64; 2],
    ) -> Event<'a> {
        let event = Event {
            is_path: self.is_path,
            duration: nan_to_none(duration_ms),
            error: self.error(),
            exception: self.exception(),
            severity: self.severity,
            parent_id: self.parent.map(|parent| parent.parent_id),
            attributes: &self.attributes,
            span: self.span,
            ..Event::new(kind, name, start_ms)
        };
        let source = self.texts[SOURCE].as_deref();
        match kind {
            EventKind::Req => Event { method: source.unwrap_or_default(), status: status(number), ..event },
            EventKind::Db => {
                let [rows_read, rows_written, db_ms] = self.usage;
                Event { system: source, rows: nan_to_none(number), rows_read, rows_written, db_ms, ..event }
            }
            EventKind::Evt => {
                let (handled, is_path) = (number == 1.0, self.is_path);
                let (method, route) = split_once(source.unwrap_or_default(), b' ').unwrap_or_default();
                let ended = Some(EndedRequest { route, is_path, method });
                let exception = event.exception.map(|known| Exception { handled, ended, ..known });
                Event { exception, ..event }
            }
            EventKind::Fn => event,
        }
    }

    pub(super) fn error(&self) -> Option<&str> {
        self.texts[ERROR].as_deref()
    }

    pub(super) fn exception(&self) -> Option<Exception<'_>> {
        let [.., message, cause, stack] = self.texts.each_ref().map(Option::as_deref);
        let (message, cause, stack) = (message?, cause.unwrap_or_default(), stack.unwrap_or_default());
        Some(Exception { message, cause, stack, ..Exception::default() })
    }

    /// Clears all values and keeps the memory of the attributes.
    #[inline(never)]
    pub(super) fn clear(&mut self) {
        self.attributes.clear();
        self.texts = Texts::default();
        self.severity = Severity::Info;
        self.is_path = false;
        self.parent = None;
        self.span = None;
        self.usage = [None; 3];
    }
}

/// The texts of an event, by their numbers at the boundary:
///
/// | number | text |
/// |---|---|
/// | 0 | the type of its error |
/// | 1 | REQ: the method. DB: the system. An exception: the method of its request, a blank and the route, if that is over |
/// | 2 | the message of the error, which is an exception then; empty if it is unknown or not to be shown |
/// | 3, 4 | the causes and the stack of that exception |
pub(super) type Texts = [Option<String>; 5];

const ERROR: usize = 0;
const SOURCE: usize = 1;
