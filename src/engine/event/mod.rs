//! Events: the one place for kinds and formats, the fixed record, and what it decodes to.

pub mod attributes;
mod format;
pub(crate) mod names;
pub mod path;
pub(crate) mod payload;
pub mod semantics;
pub mod statement;
pub mod trace;

pub use attributes::{Attributes, Value};
pub use format::Format;
pub use payload::EventView;

use super::time::Millis;
use names::{NameId, Names};
use trace::TraceContext;

/// The kinds of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum EventKind {
    /// A request served.
    Req = 0,
    /// A function call, or the root of a handler that is not a request.
    Fn = 1,
    /// A database statement.
    Db = 2,
    /// A custom event: a name and attributes.
    Evt = 3,
}

impl EventKind {
    /// Every kind, in the order of its number.
    pub const ALL: [Self; 4] = [Self::Req, Self::Fn, Self::Db, Self::Evt];

    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Req => "REQ",
            Self::Fn => "FN",
            Self::Db => "DB",
            Self::Evt => "EVT",
        }
    }
}

/// An event as it is given to the engine. Times are wall-clock milliseconds.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// What it is.
    pub kind: EventKind,
    /// The route, function name, SQL statement or event name.
    pub name: &'a str,
    /// REQ: whether `name` is a raw path, to be shown as its template, rather than a route.
    pub is_path: bool,
    /// When it started, in ms since the epoch.
    pub start: f64,
    /// How long it took in ms; `None`: unknown.
    pub duration: Option<f64>,
    /// The error's type or message, if it failed.
    pub error: Option<&'a str>,
    /// REQ: the HTTP method.
    pub method: &'a str,
    /// REQ: the response status.
    pub status: Option<u16>,
    /// DB: the database system.
    pub system: Option<&'a str>,
    /// DB: rows returned or changed.
    pub rows: Option<f64>,
    /// Attributes.
    pub attributes: &'a Attributes,
    /// The span that it was told to be when it began: [`Collector::outgoing`](crate::engine::Collector::outgoing)'s.
    pub span: Option<TraceContext>,
}

impl<'a> Event<'a> {
    /// An event of which only what, its name and its start in ms since the epoch are known.
    ///
    /// ```
    /// use tidegate::engine::{Event, EventKind};
    ///
    /// let event = Event { duration: Some(12.5), ..Event::new(EventKind::Fn, "resize", 1_750_000_000_000.0) };
    /// assert_eq!(event.end(), 1_750_000_000_012.5);
    /// ```
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

    /// Whether its times can be used: a finite start, and a duration that is unknown or finite and not negative.
    #[inline(always)]
    #[must_use]
    pub fn is_usable(&self) -> bool {
        let is_unusable = match self.duration {
            Some(ms) => !(ms.is_finite() && ms >= 0.0),
            None => false,
        };
        self.start.is_finite() && !is_unusable
    }

    /// When it ended, as far as is known, in ms since the epoch.
    #[inline(always)]
    #[must_use]
    pub fn end(&self) -> f64 {
        match self.duration {
            Some(ms) => self.start + ms,
            None => self.start,
        }
    }
}

/// Where an event stands in a trace (W3C Trace Context).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// The trace; never all zero on a recorded event.
    pub trace_id: [u8; 16],
    /// The event itself.
    pub span_id: [u8; 8],
    /// Its parent; all zero: a root.
    pub parent_id: [u8; 8],
}

/// One queued event: fixed size, names by id, all else in the payload bytes beside the ring.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub link: Link,
    pub start: f64,
    /// NaN: unknown.
    pub duration: f64,
    pub p: f64,
    pub queued_at: Millis,
    pub payload_at: u32,
    pub payload_len: u16,
    pub name: NameId,
    pub error: NameId,
    /// The method of a REQ, the system of a DB.
    pub detail: NameId,
    /// 0: unknown.
    pub status: u16,
    pub kind: EventKind,
    /// Whether there is no more to the event than this and its name, which may be all of the payload.
    pub is_whole_but_name: bool,
}

impl Record {
    /// Whether it holds all there is of the event, its name too.
    #[inline(always)]
    pub(crate) fn is_whole(&self) -> bool {
        self.payload_len == 0
    }

    /// What it has in common with others, going by `name`: all that it holds but its ids and times.
    #[inline(always)]
    pub(crate) fn shape(&self, name: NameId) -> Shape {
        let has_parent = u8::from(u64::from_ne_bytes(self.link.parent_id) != 0);
        let has_duration = u8::from(!self.duration.is_nan());
        let (name, error, detail) = (name.number(), self.error.number(), self.detail.number());
        Shape {
            texts: name | error << 16 | detail << 32 | u64::from(self.status) << 48,
            p: self.p.to_bits(),
            traits: self.kind as u8 | has_parent << 2 | has_duration << 3,
        }
    }

    /// Refers once more to each of its names: there is another copy of it.
    #[inline(always)]
    pub(crate) fn retain(&self, names: &mut Names) {
        names.retain(self.name);
        names.retain(self.error);
        names.retain(self.detail);
    }

    /// Gives back its references to names: it will not be read again.
    pub(crate) fn release(&self, names: &mut Names) {
        names.release(self.name);
        names.release(self.error);
        names.release(self.detail);
    }
}

/// What events of one sort share. Ids of names mean the same until [`Names::renamings`] moves on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The ids of its name, error and detail, and its status.
    texts: u64,
    p: u64,
    /// Its kind, and whether it has a parent and a duration, in one byte to compare.
    traits: u8,
}

impl Shape {
    #[inline(always)]
    pub(crate) fn has_parent(&self) -> bool {
        self.traits & 1 << 2 != 0
    }

    #[inline(always)]
    pub(crate) fn has_duration(&self) -> bool {
        self.traits & 1 << 3 != 0
    }

    /// Spreads shapes over a table.
    #[inline(always)]
    pub(crate) fn hash(&self) -> u64 {
        (self.texts ^ self.p.rotate_left(7)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

const _: () = assert!(size_of::<Record>() <= 80, "a record must fit 80 bytes");
