//! What a sink sends: records from the queue, or measurements. Both are cut into batches of items.

use crate::engine::event::names::Names;
use crate::engine::event::record::Record;
use crate::engine::metrics::{Accumulator, MAX_POINTS, Observation, Point};
use crate::engine::queue::Queue;
use crate::engine::time::Millis;
use std::ops::Range;

/// The items of a sink that left the queue. An item is a record, or the point of an attribute set.
#[derive(Debug)]
pub(super) enum Payload {
    Records { records: Vec<Record>, bytes: Vec<u8> },
    Metrics(Box<Intervals>),
}

/// The measurements of two intervals: the one that is filled, and the one that is sent.
#[derive(Debug)]
pub(super) struct Intervals {
    filling: Accumulator,
    sending: Accumulator,
    /// The number of the interval that is filled.
    pub(super) number: u64,
    /// When its first observation was made, in engine time.
    pub(super) first: Millis,
    /// The number of events that were begun when its first observation was made.
    pub(super) first_event: f64,
    /// The wall clock at its start; NaN until the first observation ever.
    start: f64,
    /// Start and end of the interval that is sent, on the wall clock. The end is NaN until its first batch is cut.
    sending_from_to: (f64, f64),
}

/// The content of one batch.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PayloadRef<'a> {
    Records { records: &'a [Record], bytes: &'a [u8] },
    Metrics { points: &'a [Point], interval: (f64, f64) },
}

impl Payload {
    pub(super) fn new(is_metrics: bool) -> Self {
        if !is_metrics {
            return Self::Records { records: Vec::new(), bytes: Vec::new() };
        }
        Self::Metrics(Box::new(Intervals {
            filling: Accumulator::new(),
            sending: Accumulator::new(),
            number: 0,
            first: Millis(0.0),
            first_event: 0.0,
            start: f64::NAN,
            sending_from_to: (f64::NAN, f64::NAN),
        }))
    }

    /// The most items of one batch. For records it is the option, for measurements all of an interval.
    pub(super) fn batch_max(&self, option: usize) -> usize {
        match self {
            Self::Records { .. } => option,
            Self::Metrics(_) => MAX_POINTS,
        }
    }

    /// How many events more make `waiting` a full batch of `limit`. `None`: no number of events makes one due.
    pub(super) fn events_until_full(&self, waiting: usize, limit: usize) -> Option<usize> {
        matches!(self, Self::Records { .. }).then(|| limit.saturating_sub(waiting))
    }

    /// The number of items.
    pub(super) fn items(&self) -> usize {
        match self {
            Self::Records { records, .. } => records.len(),
            Self::Metrics(intervals) => intervals.sending.points().len(),
        }
    }

    /// The number of events, or observations, in `items`.
    pub(super) fn count(&self, items: Range<usize>) -> usize {
        match self {
            Self::Records { .. } => items.len(),
            Self::Metrics(intervals) => {
                let points = &intervals.sending.points()[items];
                points.iter().map(|point| point.histogram().count() as usize).sum()
            }
        }
    }

    /// The number of events in `items` that were rejected, if the receiver rejected `rejected` items.
    pub(super) fn rejected(&self, items: Range<usize>, rejected: usize) -> usize {
        match self {
            Self::Records { .. } => rejected.min(items.len()),
            // A receiver counts points and does not say which: the same share of the observations is counted.
            Self::Metrics(_) => {
                let (points, count) = (items.len().max(1), self.count(items));
                (count as u64 * rejected.min(points) as u64).div_ceil(points as u64) as usize
            }
        }
    }

    /// The content of a batch of `items`.
    pub(super) fn get(&self, items: Range<usize>) -> PayloadRef<'_> {
        match self {
            Self::Records { records, bytes } => PayloadRef::Records { records: &records[items], bytes },
            Self::Metrics(intervals) => PayloadRef::Metrics {
                points: &intervals.sending.points()[items],
                interval: intervals.sending_from_to,
            },
        }
    }

    /// Drops the references to names of `items`.
    pub(super) fn release(&self, items: Range<usize>, names: &mut Names) {
        if let Self::Records { records, .. } = self {
            records[items].iter().for_each(|record| record.release(names));
        }
    }

    /// Drops the items from index `keep` on, and all that is accumulated.
    pub(super) fn truncate(&mut self, keep: usize, names: &mut Names) {
        self.release(keep..self.items(), names);
        match self {
            Self::Records { records, .. } => records.truncate(keep),
            Self::Metrics(intervals) => {
                intervals.sending.truncate(keep);
                intervals.filling.clear();
            }
        }
    }

    /// Removes all items. They must be settled.
    pub(super) fn clear(&mut self) {
        match self {
            Self::Records { records, bytes } => {
                records.clear();
                bytes.clear();
            }
            Self::Metrics(intervals) => intervals.sending.clear(),
        }
    }

    /// The place of the oldest event that waits. A flush compares places: sequence numbers of the queue, or numbers of
    /// intervals.
    pub(super) fn place(&self, cursor: u64) -> u64 {
        if let Self::Metrics(intervals) = self { intervals.number } else { cursor }
    }

    /// The place behind all that waits now.
    pub(super) fn end(&self, queue: &Queue) -> u64 {
        if let Self::Metrics(intervals) = self { intervals.number + 1 } else { queue.next() }
    }

    /// Ends the interval that is sent, at `wall`, if it has not ended yet. The next one starts there.
    pub(super) fn end_interval(&mut self, wall: f64) {
        if let Self::Metrics(intervals) = self
            && intervals.sending_from_to.1.is_nan()
        {
            // After the clock was set back an interval is empty, not negative.
            intervals.sending_from_to.1 = wall.max(intervals.sending_from_to.0);
            intervals.start = wall;
        }
    }
}

impl Intervals {
    pub(super) fn observe(&mut self, observation: &Observation<'_>, now: Millis, wall: f64, emitted: f64) {
        if self.filling.count() == 0 {
            self.first = now;
            self.first_event = emitted;
        }
        if self.start.is_nan() {
            self.start = wall;
        }
        self.filling.record(observation);
    }

    /// Makes the interval that was filled the one that is sent.
    pub(super) fn advance(&mut self) {
        std::mem::swap(&mut self.filling, &mut self.sending);
        self.filling.clear();
        self.sending_from_to = (self.start, f64::NAN);
        self.number += 1;
    }
}
