//! Points by attribute set.

use super::exponential::Exponential;
use super::observation::{Instrument, Observation};
use crate::engine::event::{Value, attributes};

/// What is measured of an attribute set.
pub trait Measure {
    /// Nothing is measured yet.
    fn new() -> Self;
    /// Forgets everything and keeps the memory.
    fn clear(&mut self);
    /// Measures a duration in ms; NaN: it is unknown.
    fn record(&mut self, ms: f64);
}

/// What is measured of an attribute set, and its attributes.
#[derive(Debug)]
pub struct Point<M = Exponential> {
    instrument: Instrument,
    status: u16,
    overflow: bool,
    /// Where the name, the detail and the error end in `key`. The labels follow them.
    ends: [u16; 3],
    key: Vec<u8>,
    /// The observations that no batch has taken yet.
    pub(super) fresh: u64,
    pub(crate) measure: M,
}

/// Points by attribute set: at most [`MAX_SETS`], and one overflow point for each instrument. They keep their memory when
/// they are cleared.
#[derive(Debug)]
pub(crate) struct Sets<M> {
    points: Vec<Point<M>>,
    used: usize,
    /// The sets in use: `used` without the overflow points.
    sets: usize,
    /// The index of each set's point, by hash. Empty until something is recorded.
    index: Box<[u16]>,
    /// The index of each instrument's overflow point.
    overflow: [u16; 2],
}

impl<M> Point<M> {
    /// What is measured.
    #[must_use]
    pub fn instrument(&self) -> Instrument {
        self.instrument
    }

    /// The route (REQ) or the statement summary (DB).
    #[must_use]
    pub fn name(&self) -> &str {
        self.text(0)
    }

    /// REQ: the HTTP method, `_OTHER` for an unusual one. DB: the database system, empty if unknown.
    #[must_use]
    pub fn detail(&self) -> &str {
        self.text(1)
    }

    /// The type of the error, if the events failed.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        Some(self.text(2)).filter(|error| !error.is_empty())
    }

    /// The labels that the events had, in the order of [`Config::labels`](crate::engine::Config::labels).
    pub fn labels(&self) -> impl Iterator<Item = (&str, Value<'_>)> {
        attributes::iter(self.part(3))
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

    fn part(&self, at: usize) -> &[u8] {
        let end = |at: usize| self.ends.get(at).map_or(self.key.len(), |end| usize::from(*end));
        let start = at.checked_sub(1).map_or(0, end);
        &self.key[start..end(at)]
    }

    fn text(&self, at: usize) -> &str {
        str::from_utf8(self.part(at)).unwrap_or_default()
    }

    fn is(&self, of: &Observation<'_>) -> bool {
        self.instrument == of.instrument
            && self.status == of.status
            && of.key().into_iter().enumerate().all(|(at, part)| self.part(at) == part)
    }
}

impl Point {
    /// The durations, in seconds.
    #[must_use]
    pub fn histogram(&self) -> &Exponential {
        &self.measure
    }

    /// The observations of the interval whose duration is unknown. Only sinks of statistics count them.
    #[must_use]
    pub fn untimed(&self) -> u64 {
        self.fresh.saturating_sub(self.measure.count())
    }

    /// Makes this a copy of `other`, and moves its observations that no batch has taken here.
    fn take(&mut self, other: &mut Self) {
        (self.instrument, self.status, self.overflow) = (other.instrument, other.status, other.overflow);
        self.ends = other.ends;
        self.key.clone_from(&other.key);
        self.fresh = std::mem::take(&mut other.fresh);
        self.measure.copy_from(&other.measure);
    }
}

impl<M: Measure> Point<M> {
    fn new() -> Self {
        Self {
            instrument: Instrument::HttpServer,
            status: 0,
            overflow: false,
            ends: [0; 3],
            key: Vec::new(),
            fresh: 0,
            measure: M::new(),
        }
    }

    fn begin(&mut self, of: &Observation<'_>, overflow: bool) {
        (self.instrument, self.status, self.overflow) = (of.instrument, of.status, overflow);
        self.key.clear();
        for (at, part) in of.key().into_iter().enumerate() {
            self.key.extend_from_slice(part);
            if let Some(end) = self.ends.get_mut(at) {
                *end = self.key.len() as u16;
            }
        }
        self.fresh = 0;
        self.measure.clear();
    }
}

impl<M: Measure> Sets<M> {
    pub(crate) fn new() -> Self {
        Self { points: Vec::new(), used: 0, sets: 0, index: Box::default(), overflow: [NONE; 2] }
    }

    /// Records an observation. Returns the index of the point that counts it.
    pub(crate) fn record(&mut self, observation: &Observation<'_>) -> usize {
        let at = self.point_of(observation);
        self.points[at].fresh += 1;
        self.points[at].measure.record(observation.ms);
        at
    }

    /// The points.
    pub(crate) fn points(&self) -> &[Point<M>] {
        &self.points[..self.used]
    }

    pub(crate) fn points_mut(&mut self) -> &mut [Point<M>] {
        &mut self.points[..self.used]
    }

    /// Removes all points from index `keep` on. Nothing is recorded afterwards.
    pub(crate) fn truncate(&mut self, keep: usize) {
        self.used = self.used.min(keep);
    }

    /// Removes everything and keeps the memory.
    pub(crate) fn clear(&mut self) {
        (self.used, self.sets, self.overflow) = (0, 0, [NONE; 2]);
        self.index.fill(NONE);
    }

    /// The index of the point that counts an observation.
    fn point_of(&mut self, of: &Observation<'_>) -> usize {
        if self.index.is_empty() {
            self.index = vec![NONE; INDEX].into_boxed_slice();
        }
        let slot = match self.find(of) {
            Ok(at) => return at,
            Err(slot) => slot,
        };
        if self.sets < MAX_SETS {
            self.sets += 1;
            self.index[slot] = self.begin(of, false);
            return usize::from(self.index[slot]);
        }
        if let Ok(at) = self.find(&Observation { labels: &[], ..*of }) {
            return at;
        }
        let instrument = of.instrument as usize;
        if self.overflow[instrument] == NONE {
            let of = Observation { name: "", detail: "", error: "", labels: &[], status: 0, ..*of };
            self.overflow[instrument] = self.begin(&of, true);
        }
        usize::from(self.overflow[instrument])
    }

    /// The index of the point of this set; or the slot that it would have.
    fn find(&self, of: &Observation<'_>) -> Result<usize, usize> {
        let mut slot = of.hash() as usize % INDEX;
        while self.index[slot] != NONE {
            let at = usize::from(self.index[slot]);
            if self.points[at].is(of) {
                return Ok(at);
            }
            slot = (slot + 1) % INDEX;
        }
        Err(slot)
    }

    fn begin(&mut self, of: &Observation<'_>, overflow: bool) -> u16 {
        self.grow(self.used + 1);
        self.points[self.used].begin(of, overflow);
        self.used += 1;
        (self.used - 1) as u16
    }

    /// Makes room for `len` points. Doubling would take more than what is allowed for a sink.
    fn grow(&mut self, len: usize) {
        while self.points.len() < len {
            if self.points.len() == self.points.capacity() {
                self.points.reserve_exact(STEP);
            }
            self.points.push(Point::new());
        }
    }
}

impl Sets<Exponential> {
    /// Makes this a copy of `other`, and moves the observations that no batch has taken here.
    pub(crate) fn take(&mut self, other: &mut Self) {
        self.grow(other.used);
        self.used = other.used;
        for (mine, theirs) in self.points.iter_mut().zip(other.points_mut()) {
            mine.take(theirs);
        }
    }
}

/// The most attribute sets of one interval: 256. Further sets are counted in the overflow points.
pub const MAX_SETS: usize = 256;
/// The most points: those of the sets, and one of overflow for each instrument.
pub(crate) const MAX_POINTS: usize = MAX_SETS + 2;
/// The points that are allocated at once.
const STEP: usize = 43;
/// Twice the sets, so that probes are short.
const INDEX: usize = 2 * MAX_SETS;
const NONE: u16 = u16::MAX;
