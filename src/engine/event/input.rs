//! An event as the caller gives it.

use super::attributes::{self, Attributes};
use super::exception::Exception;
use super::kind::EventKind;
use super::severity::Severity;
use super::trace::TraceContext;
use crate::engine::text::number::MAX_SAFE_INTEGER;

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
    /// The type of the error, if the event failed. Default `None`.
    pub error: Option<&'a str>,
    /// What is known of the error beside its type, if it is an exception. It means nothing without `error`. Default `None`.
    pub exception: Option<Exception<'a>>,
    /// EVT: the severity. Default [`Severity::Info`].
    pub severity: Severity,
    /// REQ: the HTTP method. A space and the origin that the request was sent to may follow, as in
    /// `GET https://example.com:8443`. Default empty.
    pub method: &'a str,
    /// REQ: the response status; `None` is unknown. Default `None`.
    pub status: Option<u16>,
    /// DB: the database system, such as `sqlite`. Default `None`.
    pub system: Option<&'a str>,
    /// DB: the number of rows returned or changed: a whole number from 0 to 2⁵³ - 1. Any other number is left out, and
    /// counted as truncated. Default `None`.
    pub rows: Option<f64>,
    /// DB: the number of rows that the database read, as [`rows`](Self::rows). Default `None`.
    pub rows_read: Option<f64>,
    /// DB: the number of rows that the database wrote, as [`rows`](Self::rows). Default `None`.
    pub rows_written: Option<f64>,
    /// DB: how long the database itself took, in ms; finite and not negative, or it is left out. Default `None`.
    pub db_ms: Option<f64>,
    /// The attributes. Default none.
    pub attributes: &'a Attributes,
    /// The event's own span, if [`Collector::outgoing`](crate::engine::Collector::outgoing) has already given it one.
    /// Default `None`: a new span id.
    pub span: Option<TraceContext>,
    /// Within a request: the span of that request that is the event's parent. Default `None`: the span of the request
    /// itself.
    pub parent_id: Option<[u8; 8]>,
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
            exception: None,
            severity: Severity::Info,
            method: "",
            status: None,
            system: None,
            rows: None,
            rows_read: None,
            rows_written: None,
            db_ms: None,
            attributes: &attributes::NONE,
            span: None,
            parent_id: None,
        }
    }

    /// The latest time in ms since the epoch, in the year 2262. Nanoseconds of later times exceed a signed 64-bit number.
    pub const LATEST_MS: f64 = 9_223_372_036_854.0;

    /// Whether the times are valid: a start not before the epoch, an unknown duration or one that is not negative, and an
    /// end not after [`LATEST_MS`](Self::LATEST_MS).
    #[inline(always)]
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let is_duration = match self.duration {
            Some(ms) => ms >= 0.0,
            None => true,
        };
        // A NaN is never in a range.
        self.start >= 0.0 && is_duration && self.end() <= Self::LATEST_MS
    }

    /// Rows, rows read, rows written and the database's own duration, each if it is valid.
    pub(crate) fn figures(&self) -> [Option<f64>; 4] {
        let count = |rows: &f64| (0.0..=MAX_SAFE_INTEGER).contains(rows) && rows.fract() == 0.0;
        let [rows, read, written] =
            [self.rows, self.rows_read, self.rows_written].map(|rows| rows.filter(count));
        [rows, read, written, self.db_ms.filter(|ms| ms.is_finite() && *ms >= 0.0)]
    }

    /// Rows read and written by a statement, if one of them is known.
    #[inline(always)]
    pub(crate) fn usage(&self) -> Option<[f64; 2]> {
        if self.kind != EventKind::Db || (self.rows_read.is_none() && self.rows_written.is_none()) {
            return None;
        }
        let [_, read, written, _] = self.figures();
        Some([read.unwrap_or_default(), written.unwrap_or_default()])
    }

    /// Whether it is an exception by itself. Else its error is that of what it measures.
    #[inline(always)]
    pub(crate) fn is_exception(&self) -> bool {
        self.kind == EventKind::Evt && self.error.is_some() && self.name == Exception::NAME
    }

    /// How many of its values were cut or left out.
    pub(crate) fn truncated(&self) -> u32 {
        let given = [self.rows, self.rows_read, self.rows_written, self.db_ms];
        let lost = given.iter().zip(self.figures()).filter(|(given, kept)| given.is_some() && kept.is_none());
        let texts = self.exception.map_or(0, |exception| exception.truncated());
        self.attributes.truncated() + lost.count() as u32 + texts
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_a_receiver_cannot_read_are_not_valid() {
        let latest = Event::LATEST_MS;
        let is_valid =
            |start, duration| Event { duration, ..Event::new(EventKind::Fn, "f", start) }.is_valid();
        for (start, duration) in [(0.0, None), (0.5, Some(0.0)), (latest, Some(0.0)), (0.0, Some(latest))] {
            assert!(is_valid(start, duration), "{start} {duration:?}");
        }
        for start in [-5.0, -f64::MIN_POSITIVE, latest + 1.0, 8.64e15, f64::MAX, f64::INFINITY, f64::NAN] {
            assert!(!is_valid(start, None), "{start}");
            assert!(!is_valid(start, Some(1.0)), "{start}");
        }
        for duration in [-1.0, latest + 1.0, 1e300, f64::INFINITY, f64::NAN] {
            assert!(!is_valid(1.0, Some(duration)), "{duration}");
        }
    }

    #[test]
    fn rows_are_whole_numbers_or_left_out_and_counted() {
        let event = |rows| Event { rows, rows_read: rows, ..Event::new(EventKind::Db, "select", 1.0) };
        for rows in [0.0, 1.0, MAX_SAFE_INTEGER] {
            let event = event(Some(rows));
            assert_eq!((event.figures(), event.truncated()), ([Some(rows), Some(rows), None, None], 0));
            assert_eq!(event.usage(), Some([rows, 0.0]));
        }
        for rows in [-1.0, 0.5, f64::MAX, f64::INFINITY, 9_007_199_254_740_992.0] {
            assert_eq!((event(Some(rows)).figures(), event(Some(rows)).truncated()), ([None; 4], 2));
        }
        for db_ms in [-1.0, f64::INFINITY] {
            let event = Event { db_ms: Some(db_ms), ..event(None) };
            assert_eq!((event.figures(), event.truncated()), ([None; 4], 1));
        }
        assert_eq!(
            (event(None).figures(), event(None).truncated(), event(None).usage()),
            ([None; 4], 0, None)
        );
    }
}
