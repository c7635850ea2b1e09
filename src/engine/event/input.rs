//! An event as the caller gives it.

use super::attributes::{self, Attributes};
use super::kind::EventKind;
use super::trace::TraceContext;

/// One event. Times are wall-clock milliseconds.
///
/// [`Event::new`] sets what every event has; the other fields are set by struct update.
///
/// # Examples
/// ```
/// use tidegate::engine::{Event, EventKind};
///
/// let event = Event { duration: Some(12.5), ..Event::new(EventKind::Fn, "resize", 1_750_000_000_000.0) };
/// assert_eq!(event.end(), 1_750_000_000_012.5);
/// ```
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// The kind.
    pub kind: EventKind,
    /// The route (REQ), function name (FN), SQL statement (DB) or event name (EVT).
    pub name: &'a str,
    /// REQ: whether `name` is a raw path instead of a route. A raw path is recorded as its
    /// [template](super::path::template). Default false.
    pub is_path: bool,
    /// The start in ms since the epoch.
    pub start: f64,
    /// The duration in ms; `None` is unknown. Default `None`.
    pub duration: Option<f64>,
    /// The type or message of the error, if the event failed. Default `None`.
    pub error: Option<&'a str>,
    /// REQ: the HTTP method. Default empty.
    pub method: &'a str,
    /// REQ: the response status; `None` is unknown. Default `None`.
    pub status: Option<u16>,
    /// DB: the database system, such as `sqlite`. Default `None`.
    pub system: Option<&'a str>,
    /// DB: the number of rows returned or changed. Default `None`.
    pub rows: Option<f64>,
    /// The attributes. Default none.
    pub attributes: &'a Attributes,
    /// The event's own span, if [`Collector::outgoing`](crate::engine::Collector::outgoing) has already given it one.
    /// Default `None`: a new span id.
    pub span: Option<TraceContext>,
}

impl<'a> Event<'a> {
    /// An event of `kind` called `name` that started at `start`, in ms since the epoch.
    #[must_use]
    pub fn new(kind: EventKind, name: &'a str, start: f64) -> Self {
        Self {
            kind,
            name,
            is_path: false,
            start,
            duration: None,
            error: None,
            method: "",
            status: None,
            system: None,
            rows: None,
            attributes: &attributes::NONE,
            span: None,
        }
    }

    /// Whether the times are valid: a finite start, and an unknown duration or one that is finite and not negative.
    #[inline(always)]
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let is_invalid = match self.duration {
            Some(ms) => !(ms.is_finite() && ms >= 0.0),
            None => false,
        };
        self.start.is_finite() && !is_invalid
    }

    /// The end in ms since the epoch; the start if the duration is unknown.
    #[inline(always)]
    #[must_use]
    pub fn end(&self) -> f64 {
        match self.duration {
            Some(ms) => self.start + ms,
            None => self.start,
        }
    }
}
