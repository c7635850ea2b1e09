//! What a sink of statistics sends beside measurements: statistics, and the last exceptions.

use crate::engine::exceptions::{Exceptions, RecentException};
use crate::engine::stats::{RowHint, Sample, SeriesKind, StatsStore};
use crate::engine::text::hashed::Hashed;
use std::fmt;

/// The statistics of the interval that is filled, and the summary that is sent.
pub(crate) struct Summary {
    /// Made with the first event. It then takes as much memory as the collector's own statistics.
    store: Option<StatsStore>,
    series: usize,
    sending: Sending,
    /// The number of exceptions when the last summary was cut.
    noted: u64,
}

/// The summary that is sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sending {
    /// The number of observations. 0: nothing is sent.
    pub(super) count: usize,
    /// The statistics in their binary form.
    pub(crate) statistics: Vec<u8>,
    /// The exceptions since the summary before, at most the last 20.
    pub(crate) exceptions: Vec<RecentException>,
}

impl Summary {
    /// A summary of at most `series` series, and no more than a hub keeps.
    pub(super) fn new(series: usize) -> Self {
        let series = series.min(StatsStore::DEFAULT_SERIES);
        Self { store: None, series, sending: Sending::default(), noted: 0 }
    }

    /// Counts an event in the statistics. `usage`: rows read and written by a statement.
    pub(crate) fn record(
        &mut self,
        sample: &Sample,
        wall: f64,
        (kind, name): (SeriesKind, Hashed<'_>),
        usage: Option<[f64; 2]>,
    ) {
        let Some(store) = self.store() else { return };
        store.record_hashed(sample, wall, Some((kind, name)), &mut RowHint::default());
        if let Some(usage) = usage {
            store.add_usage(sample.at, (kind, name.text), usage);
        }
    }

    /// The summary that is filled, with `count` observations, is the one that is sent.
    pub(super) fn advance(&mut self, count: usize) {
        self.sending.count = count;
    }

    /// Cuts the summary that is sent at `wall`. The next one starts there.
    pub(super) fn cut(&mut self, wall: f64, exceptions: &Exceptions) {
        self.sending.exceptions.extend(exceptions.since(self.noted).cloned());
        self.noted = exceptions.noted();
        let mut statistics = std::mem::take(&mut self.sending.statistics);
        if let Some(store) = self.store() {
            store.cut(wall, STATISTICS_BYTES, &mut statistics);
        }
        self.sending.statistics = statistics;
    }

    /// The store. The first call makes it.
    fn store(&mut self) -> Option<&mut StatsStore> {
        if self.store.is_none() {
            self.store = StatsStore::new(StatsStore::DEFAULT_WINDOW_MS, self.series).ok();
        }
        self.store.as_mut()
    }

    /// The number of items that are sent: one, or none.
    pub(super) fn items(&self) -> usize {
        self.sending.count.min(1)
    }

    pub(super) fn sending(&self) -> &Sending {
        &self.sending
    }

    /// Drops what is filled.
    pub(super) fn clear_filling(&mut self) {
        if let Some(store) = &mut self.store {
            store.clear();
        }
    }

    /// Removes what was sent. Its memory is kept.
    pub(super) fn clear_sending(&mut self) {
        self.sending.count = 0;
        self.sending.statistics.clear();
        self.sending.exceptions.clear();
    }

    /// Follows a wall clock that stepped by `shift` ms.
    pub(super) fn shift_clock(&mut self, shift: f64) {
        if let Some(store) = &mut self.store {
            store.shift(shift);
        }
    }
}

impl fmt::Debug for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Summary").field("sending", &self.sending).finish_non_exhaustive()
    }
}

/// More is written coarser. A hub takes pushes of 1.75 MiB, and the rest is for metrics and exceptions.
const STATISTICS_BYTES: usize = 896 * 1024;
