//! The accumulator of a metrics sink: a histogram of durations per attribute set, and the values of the program's metrics.

use super::exponential::Exponential;
use super::registry::FIXED;
use super::values::Values;
use crate::engine::event::{Event, EventKind, Value, attributes, semantics};
use crate::engine::text::hashed::{hash_bytes, mix};
use crate::engine::text::split::prefix;
use std::ops::Range;

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
    /// The values of the labels that the event has, encoded as attributes.
    labels: &'a [u8],
    status: u16,
    seconds: f64,
}

/// A histogram and its attributes.
#[derive(Debug)]
pub struct Point {
    instrument: Instrument,
    status: u16,
    overflow: bool,
    /// Where the name, the detail and the error end in `key`. The labels follow them.
    ends: [u16; 3],
    key: Vec<u8>,
    /// The observations that no batch has taken yet.
    fresh: u64,
    histogram: Exponential,
}

/// Points by attribute set: at most [`MAX_SETS`], and one overflow point for each instrument. And the values of the
/// program's metrics.
///
/// It keeps its memory when it is cleared: 800 bytes for each point, and its texts.
#[derive(Debug)]
pub(crate) struct Accumulator {
    points: Vec<Point>,
    used: usize,
    /// The sets in use: `used` without the overflow points.
    sets: usize,
    /// The index of each set's point, by hash. Empty until something is recorded.
    index: Box<[u16]>,
    /// The index of each instrument's overflow point.
    overflow: [u16; 2],
    pub(crate) values: Values,
}

impl<'a> Observation<'a> {
    /// The observation of `event`, recorded as `name`. `None`: the event is not measured, or its duration is unknown.
    ///
    /// `labels` are the attributes that split requests further. `room` is for their values.
    pub(crate) fn of(
        event: &Event<'a>,
        name: &'a str,
        labels: &[String],
        room: &'a mut Vec<u8>,
    ) -> Option<Self> {
        room.clear();
        let (instrument, detail, status) = match event.kind {
            EventKind::Req => {
                push_labels(event.attributes.bytes(), labels, room);
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
            labels: room,
            status,
            seconds: event.duration? / 1000.0,
        })
    }

    fn key(&self) -> [&'a [u8]; 4] {
        [self.name.as_bytes(), self.detail.as_bytes(), self.error.as_bytes(), self.labels]
    }

    fn hash(&self) -> u64 {
        let rest = u64::from(self.status) << 1 | self.instrument as u64;
        self.key().into_iter().fold(rest, |state, part| mix(state.rotate_left(21) ^ hash_bytes(part)))
    }
}

/// Appends the values of the labels among the attributes, in the order of the labels. Texts are cut.
fn push_labels(given: &[u8], labels: &[String], out: &mut Vec<u8>) {
    if given.is_empty() {
        return;
    }
    for label in labels {
        if let Some((key, value)) = attributes::iter(given).filter(|(key, _)| key == label).last() {
            let value = match value {
                Value::Text(text) => Value::Text(prefix(text, MAX_TEXT)),
                other => other,
            };
            attributes::push(key, value, out);
        }
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

    /// The durations, in seconds.
    #[must_use]
    pub fn histogram(&self) -> &Exponential {
        &self.histogram
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

    fn new() -> Self {
        Self {
            instrument: Instrument::HttpServer,
            status: 0,
            overflow: false,
            ends: [0; 3],
            key: Vec::new(),
            fresh: 0,
            histogram: Exponential::new(),
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
        self.histogram.clear();
    }

    /// Makes this a copy of `other`, and moves its observations that no batch has taken here.
    fn take(&mut self, other: &mut Self) {
        (self.instrument, self.status, self.overflow) = (other.instrument, other.status, other.overflow);
        self.ends = other.ends;
        self.key.clone_from(&other.key);
        self.fresh = std::mem::take(&mut other.fresh);
        self.histogram.copy_from(&other.histogram);
    }
}

impl Accumulator {
    pub(crate) fn new() -> Self {
        Self {
            points: Vec::new(),
            used: 0,
            sets: 0,
            index: Box::default(),
            overflow: [NONE; 2],
            values: Values::default(),
        }
    }

    pub(crate) fn record(&mut self, observation: &Observation<'_>) {
        let at = self.point_of(observation);
        self.points[at].fresh += 1;
        self.points[at].histogram.record(observation.seconds);
    }

    /// The number of items: points, then the series of the program's metrics.
    pub(crate) fn items(&self) -> usize {
        self.used + self.values.len()
    }

    /// The observations of the items in `range` that no batch has taken before.
    pub(crate) fn fresh(&self, range: Range<usize>) -> u64 {
        let (points, series) = self.split(range);
        self.points[points].iter().map(|point| point.fresh).sum::<u64>() + self.values.fresh(series)
    }

    /// The points and the series in a range of items.
    pub(crate) fn split(&self, items: Range<usize>) -> (Range<usize>, Range<usize>) {
        let in_points = |at: usize| at.min(self.used);
        let in_values = |at: usize| at.saturating_sub(self.used);
        (in_points(items.start)..in_points(items.end), in_values(items.start)..in_values(items.end))
    }

    /// The points.
    pub(crate) fn points(&self) -> &[Point] {
        &self.points[..self.used]
    }

    /// Removes all items from index `keep` on. Nothing is recorded afterwards.
    pub(crate) fn truncate(&mut self, keep: usize) {
        self.values.truncate(keep.saturating_sub(self.used));
        self.used = self.used.min(keep);
    }

    /// Removes everything and keeps the memory.
    pub(crate) fn clear(&mut self) {
        (self.used, self.sets, self.overflow) = (0, 0, [NONE; 2]);
        self.index.fill(NONE);
        self.values.clear();
    }

    /// Makes this a copy of `other`, and moves the observations that no batch has taken here.
    pub(crate) fn take(&mut self, other: &mut Self) {
        self.used = other.used;
        for at in self.points.len()..self.used {
            self.make_room(at);
            self.points.push(Point::new());
        }
        for (mine, theirs) in self.points.iter_mut().zip(&mut other.points[..other.used]) {
            mine.take(theirs);
        }
        self.values.take(&mut other.values);
    }

    /// Moves the observations of the items in `range` back to `other`, from which they were taken. Returns their number.
    pub(crate) fn give_back(&mut self, range: Range<usize>, other: &mut Self) -> u64 {
        let fresh = self.fresh(range.clone());
        let (points, series) = self.split(range);
        for (mine, theirs) in self.points[points.clone()].iter_mut().zip(&mut other.points[points]) {
            theirs.fresh += std::mem::take(&mut mine.fresh);
        }
        self.values.give_back(series, &mut other.values);
        fresh
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
        if self.used == self.points.len() {
            self.make_room(self.used);
            self.points.push(Point::new());
        }
        self.points[self.used].begin(of, overflow);
        self.used += 1;
        (self.used - 1) as u16
    }

    /// Doubling would take more than what is allowed for a sink.
    fn make_room(&mut self, at: usize) {
        if at == self.points.capacity() {
            self.points.reserve_exact(STEP);
        }
    }
}

/// The most attribute sets of one interval: 256. Further sets are counted in the overflow points.
pub const MAX_SETS: usize = 256;
/// The most items of one interval, without the series beyond the fixed ones.
pub(crate) const FIXED_ITEMS: usize = MAX_SETS + 2 + FIXED;
/// The points that are allocated at once.
const STEP: usize = 43;
/// The most bytes of a name, a method or a system. Longer texts are cut.
const MAX_TEXT: usize = 256;
/// Twice the sets, so that probes are short.
const INDEX: usize = 2 * MAX_SETS;
const NONE: u16 = u16::MAX;
