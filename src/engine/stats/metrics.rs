//! What a metrics sink accumulates: durations by attribute set, before sampling, from one flush to the next.

pub use super::exponential::Exponential;
use crate::engine::event::attributes::cut;
use crate::engine::event::{Event, EventKind, semantics};
use crate::engine::hashed::hash;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instrument {
    /// `http.server.request.duration`.
    HttpServer,
    /// `db.client.operation.duration`.
    DbClient,
}

/// One duration and what it is told by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Observation<'a> {
    instrument: Instrument,
    name: &'a str,
    detail: &'a str,
    error: &'a str,
    status: u16,
    seconds: f64,
}

/// A histogram and the attributes it is of.
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

/// Points by attribute set: at most [`MAX_SETS`], and one for the rest of each instrument.
///
/// Emptied, it keeps its memory for the next round: 800 bytes a point and its texts.
#[derive(Debug)]
pub(crate) struct Accumulator {
    points: Vec<Point>,
    used: usize,
    /// Sets in use: `used` without the rests.
    sets: usize,
    /// Where each set's point is, by hash.
    index: Box<[u16]>,
    rests: [u16; 2],
    count: usize,
}

impl<'a> Observation<'a> {
    /// The observation that `event`, going by `name`, makes; `None` if it is not measured or its duration unknown.
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
            name: cut(name, MAX_TEXT),
            detail: cut(detail, MAX_TEXT),
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

    /// The route, or the statement's summary.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The HTTP method, `_OTHER` if it is an unusual one; the database system, empty if it is unknown.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The error's type, if there was one.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        Some(&*self.error).filter(|error| !error.is_empty())
    }

    /// The response status, if it is known.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        Some(self.status).filter(|status| *status != 0)
    }

    /// Whether it holds all the sets that found no place; it has no other attributes.
    #[must_use]
    pub fn is_overflow(&self) -> bool {
        self.overflow
    }

    /// The durations in seconds.
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
            rests: [NONE; 2],
            count: 0,
        }
    }

    pub(crate) fn record(&mut self, observation: &Observation<'_>) {
        let at = self.place(observation);
        self.points[at].histogram.record(observation.seconds);
        self.count += 1;
    }

    /// Observations since it was last empty.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The points in use.
    pub(crate) fn points(&self) -> &[Point] {
        &self.points[..self.used]
    }

    /// Forgets the points from the one numbered `keep` on; nothing is recorded into the rest.
    pub(crate) fn truncate(&mut self, keep: usize) {
        self.used = self.used.min(keep);
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        (self.used, self.sets, self.count, self.rests) = (0, 0, 0, [NONE; 2]);
        self.index.fill(NONE);
    }

    /// The point of an observation: its set's, or that of the rest.
    fn place(&mut self, of: &Observation<'_>) -> usize {
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
        let rest = of.instrument as usize;
        if self.rests[rest] == NONE {
            let of = Observation { name: "", detail: "", error: "", status: 0, ..*of };
            self.rests[rest] = self.begin(&of, true);
        }
        usize::from(self.rests[rest])
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

/// Attribute sets of one round.
pub const MAX_SETS: usize = 256;
/// The most points of one round.
pub(crate) const MAX_POINTS: usize = MAX_SETS + 2;
/// The longest text kept of a name, a method or a system, in bytes.
const MAX_TEXT: usize = 256;
/// Twice the sets: short probes.
const INDEX: usize = 2 * MAX_SETS;
const NONE: u16 = u16::MAX;
