//! What a sink sends: records from the queue, or measurements. Both are cut into batches of items.

use super::summary::{Sending, Summary};
use crate::engine::config::{Config, SinkOptions, Temporality};
use crate::engine::event::Format;
use crate::engine::event::names::Names;
use crate::engine::event::record::Record;
use crate::engine::exceptions::Exceptions;
use crate::engine::metrics::{Accumulator, FIXED_ITEMS};
use crate::engine::queue::Queue;
use crate::engine::time::Millis;
use std::ops::Range;

/// The items of a sink that left the queue. An item is a record, or the point or series of an attribute set.
#[derive(Debug)]
pub(super) enum Payload {
    Records { records: Vec<Record>, bytes: Vec<u8> },
    Metrics(Box<Intervals>),
}

/// The measurements of two intervals: the one that is filled, and the one that is sent.
///
/// With cumulative temporality the one that is filled is never emptied, and the one that is sent is a copy of it.
#[derive(Debug)]
pub(crate) struct Intervals {
    pub(crate) filling: Accumulator,
    sending: Accumulator,
    /// Of a sink of statistics. Its batches are never cut: the whole summary is their one item.
    pub(crate) summary: Option<Box<Summary>>,
    is_cumulative: bool,
    /// The number of the interval that is filled.
    pub(super) number: u64,
    /// When the first observation was made that no batch has taken, in engine time.
    pub(super) first: Millis,
    /// The number of events that were begun when its first observation was made.
    pub(super) first_event: f64,
    /// The wall clock at its start; NaN until the first observation ever.
    start: f64,
    /// Start and end of the interval that is sent, on the wall clock. The end is NaN until its first batch is cut.
    sending_from_to: (f64, f64),
}

/// The content of one batch.
#[derive(Clone, Debug)]
pub(crate) enum PayloadRef<'a> {
    Records { records: &'a [Record], bytes: &'a [u8] },
    Metrics(Measurements<'a>),
}

/// The items of one batch of a metrics sink.
#[derive(Clone, Debug)]
pub(crate) struct Measurements<'a> {
    pub(crate) accumulator: &'a Accumulator,
    pub(crate) items: Range<usize>,
    pub(crate) interval: (f64, f64),
    pub(crate) is_cumulative: bool,
    /// Of a sink of statistics.
    pub(crate) summary: Option<&'a Sending>,
}

impl Payload {
    pub(super) fn new(options: &SinkOptions, config: &Config) -> Self {
        if !options.format.is_metrics() {
            return Self::Records { records: Vec::new(), bytes: Vec::new() };
        }
        let is_summary = options.format == Format::Stats;
        Self::Metrics(Box::new(Intervals {
            filling: Accumulator::new(),
            sending: Accumulator::new(),
            summary: is_summary.then(|| Box::new(Summary::new(config.stats_series))),
            is_cumulative: options.temporality == Temporality::Cumulative && !is_summary,
            number: 0,
            first: Millis(0.0),
            first_event: 0.0,
            start: f64::NAN,
            sending_from_to: (f64::NAN, f64::NAN),
        }))
    }

    /// The most items of one batch. For records it is the option, for measurements all of an interval.
    pub(super) fn batch_max(&self, option: usize, metric_series: usize) -> usize {
        match self {
            Self::Records { .. } => option,
            Self::Metrics(intervals) if intervals.summary.is_some() => 1,
            Self::Metrics(_) => FIXED_ITEMS + metric_series,
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
            Self::Metrics(intervals) => intervals.items(),
        }
    }

    /// The number of events, or observations, in `items`.
    #[inline(never)]
    pub(super) fn count(&self, items: Range<usize>) -> usize {
        match self {
            Self::Records { .. } => items.len(),
            Self::Metrics(intervals) => intervals.count(items),
        }
    }

    /// The number of events in `items` that are lost, if the receiver rejected `rejected` items. `is_last`: no further batch
    /// follows.
    pub(super) fn rejected(&self, items: Range<usize>, rejected: usize, is_last: bool) -> usize {
        match self {
            // They have been given back.
            Self::Metrics(intervals) if intervals.is_cumulative && !is_last => 0,
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
            Self::Metrics(intervals) => PayloadRef::Metrics(Measurements {
                accumulator: &intervals.sending,
                items: if intervals.summary.is_some() { 0..intervals.sending.items() } else { items },
                interval: intervals.sending_from_to,
                is_cumulative: intervals.is_cumulative,
                summary: intervals.summary.as_deref().map(Summary::sending),
            }),
        }
    }

    /// Moves the observations of `items` back, if the next interval holds them too: they wait again, from `now` on.
    /// Returns their number.
    pub(super) fn give_back(&mut self, items: Range<usize>, now: Millis, is_first: bool) -> usize {
        let Self::Metrics(intervals) = self else { return 0 };
        if !intervals.is_cumulative {
            return 0;
        }
        if is_first {
            intervals.first = now;
        }
        intervals.sending.give_back(items, &mut intervals.filling) as usize
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
            Self::Metrics(intervals) => intervals.truncate(keep),
        }
    }

    /// Removes all items. They must be settled.
    pub(super) fn clear(&mut self) {
        match self {
            Self::Records { records, bytes } => {
                records.clear();
                bytes.clear();
            }
            Self::Metrics(intervals) => intervals.clear_sending(),
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
    pub(super) fn end_interval(&mut self, wall: f64, exceptions: &Exceptions) {
        if let Self::Metrics(intervals) = self
            && intervals.sending_from_to.1.is_nan()
        {
            // After the clock was set back an interval is empty, not negative.
            intervals.sending_from_to.1 = wall.max(intervals.sending_from_to.0);
            if !intervals.is_cumulative {
                intervals.start = wall;
            }
            if let Some(summary) = &mut intervals.summary {
                summary.cut(wall, exceptions);
            }
        }
    }
}

impl Intervals {
    /// Notes an observation. `is_first`: every earlier one has been taken by a batch.
    pub(super) fn note_observation(&mut self, is_first: bool, now: Millis, wall: f64, begun: f64) {
        if is_first {
            self.first = now;
            self.first_event = begun;
        }
        if self.start.is_nan() {
            self.start = wall;
        }
    }

    /// Makes the interval that was filled, of `count` observations, the one that is sent.
    pub(super) fn advance(&mut self, count: usize) {
        if self.is_cumulative {
            self.sending.take(&mut self.filling);
        } else {
            std::mem::swap(&mut self.filling, &mut self.sending);
            self.filling.clear();
        }
        if let Some(summary) = &mut self.summary {
            summary.advance(count);
        }
        self.sending_from_to = (self.start, f64::NAN);
        self.number += 1;
    }

    /// The number of items of the interval that is sent.
    fn items(&self) -> usize {
        self.summary.as_ref().map_or_else(|| self.sending.items(), |summary| summary.items())
    }

    /// The number of observations in `items`.
    fn count(&self, items: Range<usize>) -> usize {
        match &self.summary {
            Some(summary) => items.len() * summary.sending().count,
            None => self.sending.fresh(items) as usize,
        }
    }

    /// Drops the items from index `keep` on, and all that is accumulated.
    fn truncate(&mut self, keep: usize) {
        self.filling.clear();
        match &mut self.summary {
            None => self.sending.truncate(keep),
            Some(summary) => {
                summary.clear_filling();
                if keep == 0 {
                    self.clear_sending();
                }
            }
        }
    }

    fn clear_sending(&mut self) {
        self.sending.clear();
        if let Some(summary) = &mut self.summary {
            summary.clear_sending();
        }
    }
}
