//! The accumulator of a metrics sink: one histogram per attribute set.

use super::exponential::Exponential;
use crate::engine::event::{Event, EventKind, semantics};
use crate::engine::text::hashed::hash;
use crate::engine::text::split::prefix;

/// What a histogram measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instrument {
    /// `http.server.request.duration`, of REQ events.
    HttpServer,
    /// `db.client.operation.duration`, of DB events.
    DbClient,
}

/// One duration and its attributes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Observation<'a> {
    instrument: Instrument,
    name: &'a str,
    detail: &'a str,
    error: &'a str,
    status: u16,
    seconds: f64,
}

/// A histogram and its attributes.
#[derive(Clone, Debug)]
pub struct Point {
    instrument: Instrument,
    name: String,
    detail: String,
    error: String,
    status: u16,
    overflow: bool,
    histogram: Exponential,
}

/// Points by attribute set: at most [`MAX_SETS`], and one overflow point for each instrument.
///
/// It keeps its memory when it is cleared: 800 bytes for each point, and its texts.
#[derive(Debug)]
pub(crate) struct Accumulator {
    points: Vec<Point>,
    used: usize,
    /// The sets in use: `used` without the overflow points.
    sets: usize,
    /// The index of each set's point, by hash.
    index: Box<[u16]>,
    /// The index of each instrument's overflow point.
    overflow: [u16; 2],
    count: usize,
}

impl<'a> Observation<'a> {
    /// The observation of `event`, recorded as `name`. `None`: the event is not measured, or its duration is unknown.
    pub(crate) fn of(event: &Event<'a>, name: &'a str) -> Option<Self> {
        let (instrument, detail, status) = match event.kind {
            EventKind::Req => {
                (Instrument::HttpServer, semantics::method(event.method), event.status.unwrap_or(0))
            }
            EventKind::Db => (Instrument::DbClient, event.system.unwrap_or_default(), 0),
            EventKind::Fn | EventKind::Evt => return None,
        };
        Some(Self {
            instrument,
            name: prefix(name, MAX_TEXT),
            detail: prefix(detail, MAX_TEXT),
            error: event.error.map_or("", semantics::error_type),
            status,
            seconds: event.duration? / 1000.0,
        })
    }

    fn hash(&self) -> u64 {
        let texts = [self.name, self.detail, self.error].map(hash);
        let rest = u64::from(self.status) << 1 | self.instrument as u64;
        texts
            .iter()
            .fold(rest, |state, text| state.rotate_left(21).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ text)
    }
}

impl Point {
    /// What is measured.
    #[must_use]
    pub fn instrument(&self) -> Instrument {
        self.instrument
    }

    /// The route (REQ) or the statement summary (DB).
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// REQ: the HTTP method, `_OTHER` for an unusual one. DB: the database system, empty if unknown.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The type of the error, if the events failed.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        Some(&*self.error).filter(|error| !error.is_empty())
    }

    /// The response status; `None` is unknown.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        Some(self.status).filter(|status| *status != 0)
    }

    /// Whether this is the overflow point: it counts all sets beyond [`MAX_SETS`], and has no other attributes.
    #[must_use]
    pub fn is_overflow(&self) -> bool {
        self.overflow
    }

    /// The durations, in seconds.
    #[must_use]
    pub fn histogram(&self) -> &Exponential {
        &self.histogram
    }

    fn is(&self, of: &Observation<'_>) -> bool {
        self.instrument == of.instrument
            && self.status == of.status
            && self.name == of.name
            && self.detail == of.detail
            && self.error == of.error
    }

    fn begin(&mut self, of: &Observation<'_>, overflow: bool) {
        (self.instrument, self.status, self.overflow) = (of.instrument, of.status, overflow);
        for (text, given) in
            [(&mut self.name, of.name), (&mut self.detail, of.detail), (&mut self.error, of.error)]
        {
            text.clear();
            text.push_str(given);
        }
        self.histogram = Exponential::new();
    }
}

impl Accumulator {
    pub(crate) fn new() -> Self {
        Self {
            points: Vec::new(),
            used: 0,
            sets: 0,
            index: vec![NONE; INDEX].into_boxed_slice(),
            overflow: [NONE; 2],
            count: 0,
        }
    }

    pub(crate) fn record(&mut self, observation: &Observation<'_>) {
        let at = self.point_of(observation);
        self.points[at].histogram.record(observation.seconds);
        self.count += 1;
    }

    /// The number of observations since it was cleared.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The points.
    pub(crate) fn points(&self) -> &[Point] {
        &self.points[..self.used]
    }

    /// Drops all points from index `keep` on. Nothing is recorded afterwards.
    pub(crate) fn truncate(&mut self, keep: usize) {
        self.used = self.used.min(keep);
    }

    /// Drops everything.
    pub(crate) fn clear(&mut self) {
        (self.used, self.sets, self.count, self.overflow) = (0, 0, 0, [NONE; 2]);
        self.index.fill(NONE);
    }

    /// The index of the point that counts an observation.
    fn point_of(&mut self, of: &Observation<'_>) -> usize {
        let mut slot = of.hash() as usize % INDEX;
        while self.index[slot] != NONE {
            let at = usize::from(self.index[slot]);
            if self.points[at].is(of) {
                return at;
            }
            slot = (slot + 1) % INDEX;
        }
        if self.sets < MAX_SETS {
            self.sets += 1;
            self.index[slot] = self.begin(of, false);
            return usize::from(self.index[slot]);
        }
        let instrument = of.instrument as usize;
        if self.overflow[instrument] == NONE {
            let of = Observation { name: "", detail: "", error: "", status: 0, ..*of };
            self.overflow[instrument] = self.begin(&of, true);
        }
        usize::from(self.overflow[instrument])
    }

    fn begin(&mut self, of: &Observation<'_>, overflow: bool) -> u16 {
        if self.used == self.points.len() {
            self.points.push(Point {
                instrument: of.instrument,
                name: String::new(),
                detail: String::new(),
                error: String::new(),
                status: 0,
                overflow: false,
                histogram: Exponential::new(),
            });
        }
        self.points[self.used].begin(of, overflow);
        self.used += 1;
        (self.used - 1) as u16
    }
}

/// The most attribute sets of one interval: 256. Further sets are counted in the overflow points.
pub const MAX_SETS: usize = 256;
/// The most points of one interval.
pub(crate) const MAX_POINTS: usize = MAX_SETS + 2;
/// The most bytes of a name, a method or a system. Longer texts are cut.
const MAX_TEXT: usize = 256;
/// Twice the sets, so that probes are short.
const INDEX: usize = 2 * MAX_SETS;
const NONE: u16 = u16::MAX;
