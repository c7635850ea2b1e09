//! What is recorded: a sample, and the kind of its series.

use crate::engine::event::EventKind;

/// The kind of a series. The order is part of the binary form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeriesKind {
    /// Requests of a route.
    Req,
    /// Calls of a function.
    Fn,
    /// Statements by their summary.
    Db,
}

impl SeriesKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Req, Self::Fn, Self::Db];

    /// The kind of the series of an event. `None`: it is in no series.
    #[inline(always)]
    pub(crate) fn of(kind: EventKind) -> Option<Self> {
        match kind {
            EventKind::Req => Some(Self::Req),
            EventKind::Fn => Some(Self::Fn),
            EventKind::Db => Some(Self::Db),
            EventKind::Evt => None,
        }
    }

    /// The name, the same as that of the event kind: `REQ`, `FN` or `DB`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Req => "REQ",
            Self::Fn => "FN",
            Self::Db => "DB",
        }
    }
}

/// One event to count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The end of the event in ms since the epoch. A time later than now counts as now.
    pub at: f64,
    /// The duration in ms. `None` is unknown: the event is counted, but not in percentiles and mean.
    pub duration: Option<f64>,
    /// Whether the event failed.
    pub is_error: bool,
}
