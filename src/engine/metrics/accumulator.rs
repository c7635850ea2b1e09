//! What a metrics sink accumulates from one batch to the next.

use super::exponential::Exponential;
use super::registry::FIXED;
use super::sets::{MAX_POINTS, Measure, Sets};
use super::values::Values;
use std::ops::Range;

/// A histogram of durations per attribute set, and the values of the program's metrics.
///
/// Its items are the points of the durations, then the series of the metrics. It keeps its memory when it is cleared: 800
/// bytes for each point and each histogram, and their texts.
#[derive(Debug)]
pub(crate) struct Accumulator {
    pub(crate) durations: Sets<Exponential>,
    pub(crate) values: Values,
}

impl Accumulator {
    pub(crate) fn new() -> Self {
        Self { durations: Sets::new(), values: Values::default() }
    }

    /// The number of items.
    pub(crate) fn items(&self) -> usize {
        self.durations.points().len() + self.values.len()
    }

    /// The observations of the items in `range` that no batch has taken before.
    pub(crate) fn fresh(&self, range: Range<usize>) -> u64 {
        let (points, series) = self.split(range);
        let of_points = self.durations.points()[points].iter().map(|point| point.fresh);
        of_points.sum::<u64>() + self.values.fresh(series)
    }

    /// The points and the series in a range of items.
    pub(crate) fn split(&self, items: Range<usize>) -> (Range<usize>, Range<usize>) {
        let points = self.durations.points().len();
        let in_values = |at: usize| at.saturating_sub(points);
        (items.start.min(points)..items.end.min(points), in_values(items.start)..in_values(items.end))
    }

    /// Removes all items from index `keep` on. Nothing is recorded afterwards.
    pub(crate) fn truncate(&mut self, keep: usize) {
        self.values.truncate(keep.saturating_sub(self.durations.points().len()));
        self.durations.truncate(keep);
    }

    /// Removes everything and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.durations.clear();
        self.values.clear();
    }

    /// Makes this a copy of `other`, and moves the observations that no batch has taken here.
    pub(crate) fn take(&mut self, other: &mut Self) {
        self.durations.take(&mut other.durations);
        self.values.take(&mut other.values);
    }

    /// Moves the observations of the items in `range` back to `other`, from which they were taken. Returns their number.
    pub(crate) fn give_back(&mut self, range: Range<usize>, other: &mut Self) -> u64 {
        let fresh = self.fresh(range.clone());
        let (points, series) = self.split(range);
        let theirs = &mut other.durations.points_mut()[points.clone()];
        for (mine, theirs) in self.durations.points_mut()[points].iter_mut().zip(theirs) {
            theirs.fresh += std::mem::take(&mut mine.fresh);
        }
        self.values.give_back(series, &mut other.values);
        fresh
    }
}

impl Measure for Exponential {
    fn new() -> Self {
        Self::new()
    }

    fn clear(&mut self) {
        self.clear();
    }

    fn record(&mut self, ms: f64) {
        if !ms.is_nan() {
            self.record(ms / 1000.0);
        }
    }
}

/// The most items of one interval, without the series beyond the fixed ones.
pub(crate) const FIXED_ITEMS: usize = MAX_POINTS + FIXED;
