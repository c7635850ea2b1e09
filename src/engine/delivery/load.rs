//! What a sink stages: records moved out of the queue, or a frozen accumulator. Both are cut into batches by items.

use crate::engine::event::Record;
use crate::engine::event::names::Names;
use crate::engine::queue::Queue;
use crate::engine::stats::metrics::{Accumulator, MAX_POINTS, Observation, Point};
use crate::engine::time::Millis;
use std::ops::Range;

/// The items a sink has staged. An item is a record, or the point of an attribute set.
#[derive(Debug)]
pub(super) enum Load {
    Records { records: Vec<Record>, payload: Vec<u8> },
    Metrics(Box<Metrics>),
}

/// The accumulator that is filled, and the one that is sent.
#[derive(Debug)]
pub(super) struct Metrics {
    open: Accumulator,
    frozen: Accumulator,
    /// Freezes so far.
    pub(super) round: u64,
    /// When the first observation of this round was made.
    pub(super) first: Millis,
    /// The wall clock at which this round began; NaN: not yet.
    start: f64,
    /// The interval of what is frozen; its end is NaN until the first batch of it is cut.
    interval: (f64, f64),
}

/// What a batch holds, borrowed from its sink's staging.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Content<'a> {
    Records { records: &'a [Record], payload: &'a [u8] },
    Metrics { points: &'a [Point], interval: (f64, f64) },
}

impl Load {
    pub(super) fn new(metrics: bool) -> Self {
        if !metrics {
            return Self::Records { records: Vec::new(), payload: Vec::new() };
        }
        Self::Metrics(Box::new(Metrics {
            open: Accumulator::new(),
            frozen: Accumulator::new(),
            round: 0,
            first: Millis(0.0),
            start: f64::NAN,
            interval: (f64::NAN, f64::NAN),
        }))
    }

    /// The most items of one batch, where the option is not what decides.
    pub(super) fn batch_max(&self, option: usize) -> usize {
        match self {
            Self::Records { .. } => option,
            Self::Metrics(_) => MAX_POINTS,
        }
    }

    /// How many events more make `waiting` a batch of `limit`, which is due at once; `None`: no number does.
    pub(super) fn room(&self, waiting: usize, limit: usize) -> Option<usize> {
        matches!(self, Self::Records { .. }).then(|| limit.saturating_sub(waiting))
    }

    /// Items staged.
    pub(super) fn items(&self) -> usize {
        match self {
            Self::Records { records, .. } => records.len(),
            Self::Metrics(metrics) => metrics.frozen.points().len(),
        }
    }

    /// Events, or observations, that `items` hold.
    pub(super) fn count(&self, items: Range<usize>) -> usize {
        match self {
            Self::Records { .. } => items.len(),
            Self::Metrics(metrics) => {
                let points = &metrics.frozen.points()[items];
                points.iter().map(|point| point.histogram().count() as usize).sum()
            }
        }
    }

    /// Of `count` events in `items`, how many a receiver refused that says it refused `items_refused` items.
    pub(super) fn refused(&self, items: Range<usize>, items_refused: usize) -> usize {
        match self {
            Self::Records { .. } => items_refused.min(items.len()),
            // It counts data points and does not say which: the share of the observations.
            Self::Metrics(_) => {
                let (points, count) = (items.len().max(1), self.count(items));
                (count as u64 * items_refused.min(points) as u64).div_ceil(points as u64) as usize
            }
        }
    }

    /// What a batch of `items` holds.
    pub(super) fn content(&self, items: Range<usize>) -> Content<'_> {
        match self {
            Self::Records { records, payload } => Content::Records { records: &records[items], payload },
            Self::Metrics(metrics) => {
                Content::Metrics { points: &metrics.frozen.points()[items], interval: metrics.interval }
            }
        }
    }

    /// Gives back what `items`, which are settled, refer to.
    pub(super) fn release(&self, items: Range<usize>, names: &mut Names) {
        if let Self::Records { records, .. } = self {
            records[items].iter().for_each(|record| record.release(names));
        }
    }

    /// Forgets the items from the one numbered `keep` on, and what is not frozen yet.
    pub(super) fn truncate(&mut self, keep: usize, names: &mut Names) {
        self.release(keep..self.items(), names);
        match self {
            Self::Records { records, .. } => records.truncate(keep),
            Self::Metrics(metrics) => {
                metrics.frozen.truncate(keep);
                metrics.open.clear();
            }
        }
    }

    /// All items are settled: makes room.
    pub(super) fn clear(&mut self) {
        match self {
            Self::Records { records, payload } => {
                records.clear();
                payload.clear();
            }
            Self::Metrics(metrics) => metrics.frozen.clear(),
        }
    }

    /// The oldest thing that waits, in the order that a flush compares.
    pub(super) fn place(&self, cursor: u64) -> u64 {
        if let Self::Metrics(metrics) = self { metrics.round } else { cursor }
    }

    /// The place after all that waits now.
    pub(super) fn end(&self, queue: &Queue) -> u64 {
        if let Self::Metrics(metrics) = self { metrics.round + 1 } else { queue.next() }
    }

    /// A batch is cut at `wall`: a fresh interval ends and the next begins.
    pub(super) fn cut(&mut self, wall: f64) {
        if let Self::Metrics(metrics) = self
            && metrics.interval.1.is_nan()
        {
            // On a clock that was set back an interval is empty rather than negative.
            metrics.interval.1 = wall.max(metrics.interval.0);
            metrics.start = wall;
        }
    }
}

impl Metrics {
    pub(super) fn observe(&mut self, observation: &Observation<'_>, now: Millis, wall: f64) {
        if self.open.count() == 0 {
            self.first = now;
        }
        if self.start.is_nan() {
            self.start = wall;
        }
        self.open.record(observation);
    }

    /// What was filled is to be sent; what was sent is filled anew.
    pub(super) fn freeze(&mut self) {
        std::mem::swap(&mut self.open, &mut self.frozen);
        self.open.clear();
        self.interval = (self.start, f64::NAN);
        self.round += 1;
    }
}
